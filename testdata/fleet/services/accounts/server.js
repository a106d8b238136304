// Who may do what.
require("harbour").serve("accounts", (request) => `accounts ${request.url}\n`);
