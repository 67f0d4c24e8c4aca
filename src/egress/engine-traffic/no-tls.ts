/** What a server without TLS says to a client that begins with it: by these words clients know that they may try without, where they are told to. */
export const noTls =
  'HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nClient sent an HTTPS request to an HTTP server.\n';
