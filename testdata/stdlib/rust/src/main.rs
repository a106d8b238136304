// Answers with what another package of the workspace says.
use std::io::{Read, Write};

fn main() -> std::io::Result<()> {
    for stream in std::net::TcpListener::bind("0.0.0.0:8080")?.incoming() {
        let mut stream = stream?;
        let _ = stream.read(&mut [0; 4096])?;
        let page = greeting::greeting();
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", page.len(), page)?;
    }
    Ok(())
}
