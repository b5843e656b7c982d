// needs: rootless podman
// time limit: 600 s
import { test } from "uvu";
import { inPodmanWorld } from "../rig/podman-world.js";
import { engineSuite } from "./suite.js";

await inPodmanWorld("user", import.meta.url);
engineSuite("podman", true);
test.run();
