// Offers prices.
require("harbour").serve("quotes", (request) => `quotes ${request.url}\n`);
