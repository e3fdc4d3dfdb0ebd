//! Whether a broker serves, asked in Kafka's own words.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const CORRELATION: [u8; 4] = *b"VERD";
const PATIENCE: Duration = Duration::from_secs(2);
const MOST: usize = 1 << 20;

/// Whether the broker at this address is one of its cluster's live brokers. A broker opens its port
/// before that, and what is asked of it then may fail.
pub fn is_ready(address: SocketAddr) -> bool {
    brokers_in_metadata(address).is_ok_and(|brokers| brokers > 0)
}

/// The number of live brokers in the answer to a metadata request.
fn brokers_in_metadata(address: SocketAddr) -> io::Result<usize> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let length = usize::try_from(i32::from_be_bytes(read(&mut stream)?)).unwrap_or(usize::MAX);
    if length > MOST {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("an answer of {length} bytes is not Kafka's"),
        ));
    }
    if read(&mut stream)? != CORRELATION {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "the answer is to another request"));
    }
    let _throttle_ms: [u8; 4] = read(&mut stream)?;
    Ok(usize::try_from(i32::from_be_bytes(read(&mut stream)?)).unwrap_or(0))
}

fn read(stream: &mut TcpStream) -> io::Result<[u8; 4]> {
    let mut bytes = [0; 4];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// Key 3 (metadata), version 4: the last one without compact encodings, and known to every broker
/// since 2017. Then the correlation id, the client id, no topics, and none to be created.
const REQUEST: &[u8] =
    b"\x00\x00\x00\x1a\x00\x03\x00\x04VERD\x00\x0bkafka-local\x00\x00\x00\x00\x00";

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    fn answered_with(answer: &'static [u8]) -> io::Result<usize> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 30];
            stream.read_exact(&mut request).unwrap();
            stream.write_all(answer).unwrap();
            request
        });
        let brokers = brokers_in_metadata(address);
        let asked = server.join().unwrap();
        assert_eq!(asked, REQUEST);
        brokers
    }

    #[test]
    fn a_broker_that_is_not_live_yet_is_not_ready() {
        assert_eq!(
            answered_with(b"\x00\x00\x00\x20VERD\x00\x00\x00\x00\x00\x00\x00\x00").unwrap(),
            0
        );
        assert_eq!(
            answered_with(b"\x00\x00\x00\x20VERD\x00\x00\x00\x00\x00\x00\x00\x01").unwrap(),
            1
        );
    }

    #[test]
    fn what_is_not_kafka_is_an_error() {
        assert!(answered_with(b"HTTP/1.1 400 Bad Request\r\n").is_err());
        assert!(answered_with(b"\x00\x00\x00\x20ELSE\x00\x00\x00\x00\x00\x00\x00\x01").is_err());
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        assert!(!is_ready(nobody));
    }
}
