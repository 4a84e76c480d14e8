// A host of repositories as a process: what test/compose runs in a container of its own.
import { GitServer } from "./git-server.ts";

const [root = "", cert = "", key = "", token = ""] = process.argv.slice(2);
const server = new GitServer({ root, token, certificate: { cert, key }, listen: { hostname: "0.0.0.0", port: 443 } });
console.log(`ready at ${server.url}`);
