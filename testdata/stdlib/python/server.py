# Answers with what a package with native code computes.
from markupsafe import escape


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [escape('<python>').encode()]
