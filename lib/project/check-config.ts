import type { Document } from "../document/document.js";
import { agentFolder, overlap } from "../engine/paths.js";
import type { Problem } from "../failure.js";
import type { ConfigFile } from "../generated/config.js";

/** What a config has wrong that its schema cannot say: settings that exclude each other. */
export function configProblems({ value, problem }: Document<ConfigFile>): Problem[] {
  const { network = "bridge", workspace = "mount", ssh = "auto", ports = [], mounts = [] } = value;
  const found: Problem[] = [];
  const elsewhere =
    "with `workspace: copy` the container may be on another machine, which has nothing of this host";
  if (workspace === "copy" && mounts.length > 0)
    found.push(
      problem(["mounts"], `mounts are not to be had: ${elsewhere}`, {
        part: "key",
        hint: "leave mounts out, or use `workspace: mount`",
      }),
    );
  if (workspace === "copy" && (ssh === "mount" || ssh === "agent"))
    found.push(
      problem(["ssh"], `\`ssh: ${ssh}\` is not to be had: ${elsewhere}`, {
        hint: "use `ssh: none`, or `workspace: mount`",
      }),
    );
  if (ports.length > 0 && network !== "bridge")
    found.push(
      problem(["ports"], `ports cannot be published with \`network: ${network}\``, {
        part: "key",
        hint:
          network === "host"
            ? "all ports of the container are the host's then; leave ports out, or use `network: bridge`"
            : "leave ports out, or use `network: bridge`",
      }),
    );
  for (const [index, { target }] of mounts.entries()) {
    const path = ["mounts", index, "target"];
    if (mounts.slice(0, index).some((mount) => mount.target === target))
      found.push(problem(path, `${JSON.stringify(target)} is the target of two mounts`));
    if (overlap(target, agentFolder))
      found.push(
        problem(path, `${JSON.stringify(target)} is in the way of ${agentFolder}, which is tazpod's`),
      );
  }
  return found;
}
