# Adds up the orders.
from markupsafe import escape


def total(prices):
    return sum(prices)


def app(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/html; charset=utf-8')])
    return [escape(f'total < {total([20, 22, 1])}').encode()]
