// Letters to customers.
require("harbour").serve("mail", (request) => `mail ${request.url}\n`);
