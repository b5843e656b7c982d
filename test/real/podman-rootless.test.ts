// needs: rootless podman, script
// time limit: 600 s
import { test } from "uvu";
import "../fake/light-scrypt.cjs";
import { inPodmanWorld } from "../rig/podman-world.js";
import { podmanTrip } from "./podman-trip.js";

await inPodmanWorld("user", import.meta.url);
podmanTrip(true);
test.run();
