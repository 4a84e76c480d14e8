// A host of repositories as a process: what test/compose runs in a container of its own, and the benchmark beside itself.
import { GitServer } from "./git-server.ts";
import { LfsServer } from "./lfs-server.ts";

const [root = "", cert = "", key = "", token = "", hostname = "0.0.0.0", port = "443"] = process.argv.slice(2);
const lfs = new LfsServer({ cert, key }, token, "git.test");
const listen = { hostname, port: Number(port) };
const instead = async (request: Request): Promise<Response | undefined> => lfs.api(request);
const server = new GitServer({ root, token, certificate: { cert, key }, listen, instead });
console.log(`ready at ${server.url}`);
