// needs: podman, root
// time limit: 600 s
import { test } from "uvu";
import { inPodmanWorld } from "../rig/podman-world.js";
import { engineSuite } from "./suite.js";

await inPodmanWorld("root", import.meta.url);
engineSuite("podman", false);
test.run();
