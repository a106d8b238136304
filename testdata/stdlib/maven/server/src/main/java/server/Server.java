package server;

import com.google.gson.Gson;
import com.sun.net.httpserver.HttpServer;
import greeting.Greeting;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLContext;

public class Server {
    public static void main(String[] arguments) throws Exception {
        SSLContext.getDefault(); // needs certificates
        HttpServer server = HttpServer.create(new InetSocketAddress(8080), 0);
        server.createContext("/", exchange -> {
            byte[] page = new Gson().toJson(Greeting.from("maven")).getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
    }
}
