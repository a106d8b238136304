// Wind and waves.
require("harbour").serve("weather", (request) => `weather ${request.url}\n`);
