import type { Project } from "../project/types.js";
import { ok, type Result } from "../failure/result.js";
import { readTrustedProjects, writeTrusted } from "./store.js";
import { trustedSettings } from "./trusted-content.js";

/**
 * Records the settings that `init` has just written as trusted, since the user gave them. A recipe that was trusted
 * before stays trusted; one that was not is still asked about. Failure: `file`.
 */
export async function trustAnswers(project: Project): Promise<Result<void>> {
  const settings = await trustedSettings(project);
  if (settings.length === 0) return ok(undefined);
  const known = await readTrustedProjects();
  if (!known.ok) return known;
  const before = known.value.findLast(({ root }) => root === project.root)?.things ?? [];
  const files = before.filter(
    ({ kind, name }) => kind === "file" && !settings.some((one) => one.name === name),
  );
  return writeTrusted(project.root, [...settings, ...files]);
}
