import { join } from "node:path";
import { realPath, stat } from "../host/files.js";

/** Larger than any file that this is for: what is read is kept in memory, and quoted in messages. */
const maxBytes = 1024 * 1024;

type Inside =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly absent: boolean; readonly why: string };

/** A file or folder of the project, with links resolved, or why it is none: nothing outside the project is reached. */
export async function resolveInProject(root: string, path: string, kind: "file" | "folder"): Promise<Inside> {
  const no = (why: string, absent = false): Inside => ({ ok: false, absent, why });
  const real = await realPath(join(root, path));
  if (!real.ok) return no(`${path} cannot be read`);
  if (real.value === undefined) return no(`there is no ${kind} ${path}`, true);
  if (real.value !== root && !real.value.startsWith(`${root}/`))
    return no(`${path} is a link out of the project`);
  const found = await stat(real.value);
  if (!found.ok || found.value?.kind !== kind) return no(`${path} is no ${kind}`);
  if (kind === "file" && found.value.bytes > maxBytes) return no(`${path} is larger than 1 MiB`);
  return { ok: true, path: real.value };
}
