# Greets, with a gem.
require 'greeting'
require 'socket'

server = TCPServer.new('0.0.0.0', 8080)
loop do
  client = server.accept
  client.gets
  text = Greeting.of('ruby')
  client.write "HTTP/1.1 200 OK\r\nContent-Length: #{text.bytesize}\r\nConnection: close\r\n\r\n#{text}"
  client.close
end
