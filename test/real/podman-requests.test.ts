// needs: podman, root, script
// time limit: 900 s
import { test } from "uvu";
import { inPodmanWorld } from "../rig/podman-world.js";
import { requestsSuite } from "./requests.js";

await inPodmanWorld("root", import.meta.url);
requestsSuite();
test.run();
