// needs: podman, root, script
// time limit: 600 s
import { test } from "uvu";
import "../fake/light-scrypt.cjs";
import { inPodmanWorld } from "../rig/podman-world.js";
import { podmanTrip } from "./podman-trip.js";

await inPodmanWorld("root", import.meta.url);
podmanTrip(false);
test.run();
