// When ships come and go.
require("harbour").serve("calendar", (request) => `calendar ${request.url}\n`);
