import { capture } from "../host/process.js";
import type { Project } from "../project/project.js";

/** Longer than git takes even on a slow disk, in ms. */
const patienceMs = 2_000;

/** Who commits in this project on the host, as git's own variables; nothing where git is not there, or does not know. */
export async function gitIdentity({ root, config }: Project): Promise<Readonly<Record<string, string>>> {
  if (config.git === "none") return {};
  const argv = ["git", "config", "--null", "--get-regexp", "^user\\.(name|email)$"];
  const done = await capture(argv, { cwd: root, timeoutMs: patienceMs, isQuestion: true });
  if (!done.ok || done.value.code !== 0) return {};
  const found: Record<string, string> = {};
  // of several, the last is the nearest
  for (const entry of done.value.stdout.toString().split("\0")) {
    const [key = "", ...value] = entry.split("\n");
    const name = key.replace("user.", "").toUpperCase();
    if (name === "" || value.length === 0) continue;
    for (const who of ["AUTHOR", "COMMITTER"]) found[`GIT_${who}_${name}`] = value.join("\n");
  }
  return found;
}
