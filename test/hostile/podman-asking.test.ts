// needs: podman, root, script
// time limit: 600 s
import { test } from "uvu";
import { inPodmanWorld } from "../rig/podman-world.js";
import { hostileAskingSuite } from "./asking.js";

await inPodmanWorld("root", import.meta.url);
hostileAskingSuite();
test.run();
