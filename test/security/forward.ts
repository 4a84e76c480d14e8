import { createServer, connect } from "node:net";

// Run as a program in a network of its own, where nothing else can be reached: `bun forward.ts SOCKET PORT` carries
// connections to 127.0.0.1:PORT on to a Unix socket, behind which the broker is.
const [socket = "", port = ""] = process.argv.slice(2);
createServer((from) => {
  const to = connect(socket);
  from.pipe(to).pipe(from);
  from.on("error", () => to.destroy());
  to.on("error", () => from.destroy());
}).listen(Number(port), "127.0.0.1");
