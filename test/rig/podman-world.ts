import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { newFolder } from "./folder.js";
import { testImage } from "./host.js";
import { repository } from "./root.js";

const script = `${repository}test/services/podman.sh`;
const image = `${repository}images/test-image.sh`;

/**
 * Runs this test file where podman works and has the test image, as root or as an ordinary user; returns only in there.
 * See test/services/podman.sh. `url` is the file's own.
 */
export async function inPodmanWorld(who: "root" | "user", url: string): Promise<void> {
  if (process.env["TAZPOD_TEST_PODMAN"] === who) return;
  const steps = `"$0" --engine podman "$1" >/dev/null && shift && exec "$@"`;
  const argv = ["sh", "-c", steps, image, testImage, process.execPath, fileURLToPath(url)];
  const child = spawn(script, [who, await newFolder("podman"), ...argv], {
    env: { ...process.env, TAZPOD_TEST_PODMAN: who, TAZPOD_ENGINE: "podman" },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const code = await new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 1));
  });
  process.exit(code);
}
