"""HTTP/1.1 at protocol level: a strict server, a pooled client, and bodies that flow between them without being held."""
