// needs: podman, root
// time limit: 600 s
import { writeFile } from "node:fs/promises";
import { test } from "uvu";
import "../fake/light-scrypt.cjs";
import { Host, quick, removeHosts } from "../rig/host.js";
import { inPodmanWorld } from "../rig/podman-world.js";
import { buildTrip } from "./build-trip.js";

await inPodmanWorld("root", import.meta.url);
test.after(removeHosts);
buildTrip(async (dockerfile, build = "Dockerfile") => {
  const host = await Host.make({ remote: "none", more: `build: ${build}\n${quick}` });
  await writeFile(host.path("Dockerfile"), dockerfile);
  return host;
});
test.run();
