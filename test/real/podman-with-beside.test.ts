// needs: podman, root, script
// time limit: 900 s
import { test } from "uvu";
import { inPodmanWorld } from "../rig/podman-world.js";
import { withBeside } from "./with-beside.js";

await inPodmanWorld("root", import.meta.url);
withBeside("podman");
test.run();
