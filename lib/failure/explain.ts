import { utc } from "./utc.js";
import {
  explainForeignContainer,
  explainMissingImage,
  explainNotReady,
  explainOpenedElsewhere,
  explainStartFailure,
  explainUnavailableEngine,
} from "./explain-engine.js";
import { type Explanation, explanation } from "./explanation.js";
import type { Failure, FailureOf, LostRecord, Problem } from "./failure.js";

const project = "Use `tazpod init` in the project's folder, or name it with --project DIR.";

/** Turns a failure into a message and a hint. The message of every failure is written here. */
export function explain(failure: Failure): Explanation {
  switch (failure.kind) {
    case "usage":
      return explanation(failure.message, failure.hint ?? "See `tazpod --help`.");
    case "unknown-name":
      return explanation(
        `There is no ${failure.what} "${failure.name}".`,
        nearby(failure.nearest, failure.known),
      );
    case "invalid-document":
      return explanation(failure.problems.map(problemText).join("\n\n"));
    case "unmet-fact":
      return explanation(
        `Cannot run ${failure.task ?? "this"}: ${failure.reason}.`.replace(/\.\.$/, "."),
        `It needs the fact ${failure.fact}${failure.desc === undefined ? "" : ` (${failure.desc})`}.`,
      );
    case "unknown-fact":
      return explanation(
        `Could not tell whether ${failure.desc ?? `${failure.fact} holds`}: ${failure.reason}`,
        failure.hint,
      );
    case "plan-conflict":
      return explanation(failure.message, failure.hint);
    case "precondition":
      return explanation(failure.message, failure.hint, failure.at);
    case "answer-needed":
      return failure.inputEnded === true
        ? explanation(
            `No answer to "${failure.question}": the input ended.`,
            `${failure.flag} answers it, too.`,
          )
        : explanation(
            `Cannot ask "${failure.question}" without a terminal.`,
            `Run this in a terminal, or use ${failure.flag}.`,
          );
    case "declined":
      return explanation(`Declined: ${failure.question}`, "Nothing was changed.");
    case "nested-run":
      return explainNested(failure);
    case "interrupted":
      return explanation(`Interrupted (${failure.signal}).`);
    case "timeout":
      return explanation(`${failure.what} did not finish within ${failure.ms / 1000} s.`);
    case "too-much-output":
      return explanation(
        `${failure.what} printed more than ${Math.floor(failure.limit / 2 ** 20)} MiB and was stopped.`,
        "A program in the container may be printing endlessly. `tazpod down` removes the container.",
      );
    case "task-failed": {
      const cause = explain(failure.cause);
      return { ...cause, message: `${failure.task}: ${cause.message}` };
    }
    case "project-gone":
      return explanation(
        `The project's folder ${failure.root} was moved or removed, so nothing could be saved, locked or pushed.`,
        `A vault that was open is still open${failure.container === undefined ? "" : ` in the container ${failure.container}`}. Move the folder back, and run \`tazpod lock\` in it: that saves and locks the vault.`,
      );
    case "cleanup-failed": {
      const all = failure.first === undefined ? failure.causes : [failure.first, ...failure.causes];
      return explanation(all.map(failureText).join("\n"));
    }
    case "not-achieved":
      return explanation(
        `${failure.task} ended without an error, but ${failure.fact} ${failure.expected ? "still does not hold" : "still holds"}: ${failure.reason}.`,
      );
    case "script":
      return explanation(`${failure.file}: ${failure.message}`);
    case "command-missing":
      return explanation(`The program ${failure.program} was not found.`, failure.hint);
    case "command-failed":
      return explanation(
        `\`${failure.command.join(" ")}\` ${ending(failure.code, failure.signal)}${failure.detail === "" ? "." : `: ${failure.detail}`}`,
      );
    case "answer-unreadable":
      return explanation(
        `${failure.engine}'s answer to \`${failure.command.join(" ")}\` cannot be read: it is empty or cut.`,
        "Try again. If it stays so, restart the engine.",
      );
    case "exit-code":
      return explanation(`${failure.command} ended with exit code ${failure.code}.`);
    case "file":
      return explanation(`Could not ${failure.action} ${failure.path}: ${failure.detail ?? failure.code}.`);
    case "no-project":
      return explanation(`There is no tazpod project in ${failure.from} or any folder above it.`, project);
    case "inside-container":
      return explanation(
        `This is a shell in the container of the project ${failure.project}, where tazpod can neither reach the engine nor the vault.`,
        "Run tazpod in another terminal on the host, or leave this shell first.",
      );
    case "engine-unavailable":
      return explainUnavailableEngine(failure);
    case "no-engine":
      return explanation(
        `No container engine is available.\n${failure.causes.map((cause) => `  ${explain(cause).message}`).join("\n")}`,
        "Install Docker or podman, or let this user make Linux namespaces. TAZPOD_ENGINE=process runs without isolation.",
      );
    case "container-foreign":
      return explainForeignContainer(failure);
    case "container-gone":
      return explanation(
        `The container ${failure.name} ${failure.restarted === true ? "was restarted, and its RAM folder is empty" : "is no longer running"}.`,
        failure.unsaved
          ? "Unsaved changes in RAM are lost. The sealed vault is unchanged since the last save."
          : "Run `tazpod enter` to start it.",
      );
    case "connection-lost":
      return explanation(
        `The connection to ${failure.container} was lost${failure.detail === "" ? "" : `: ${failure.detail}`}.`,
        "What is open in it stays open, with everything in it. Run `tazpod enter` to continue, or `tazpod lock` to save and lock.",
      );
    case "container-not-ready":
      return explainNotReady(failure);
    case "opened-elsewhere":
      return explainOpenedElsewhere(failure);
    case "container-start":
      return explainStartFailure(failure);
    case "image-unavailable":
      return explainMissingImage(failure);
    case "build-failed":
      return explanation(
        `The image could not be built from ${failure.dockerfile}:\n${failure.lines.map((line) => `  ${line}`).join("\n")}`,
        `Fix ${failure.dockerfile}, which \`build\` in .tazpod/config.yaml names.`,
      );
    case "image-unusable":
      return explanation(`The image ${failure.image} lacks ${failure.lacks}.`, failure.hint);
    case "ghost-mode-off":
      return explanation(
        "`ghost_mode: false` would keep secrets outside RAM, which this engine does not need.",
        "Set `ghost_mode: true` in .tazpod/config.yaml.",
      );
    case "untrusted":
      return explanation(
        `${failure.text}\nThis project is not trusted on this host yet.`,
        `Review it with \`tazpod trust --show\`. Then trust it with \`tazpod trust\` or TAZPOD_TRUST=${failure.hash}`,
      );
    case "untrusted-file":
      return explanation(
        `${failure.file} ${untrustedFile[failure.why]}, so tazpod did not use it.`,
        "`tazpod trust` shows the changes and asks whether you trust them.",
      );
    case "setting-unusable":
      return explanation(`\`${failure.setting}\` in .tazpod/config.yaml: ${failure.detail}.`, failure.hint);
    case "busy":
      return explanation(
        `Another tazpod (process ${failure.pid} on ${failure.host}) is opening, saving or closing this vault, and has not finished within 2 minutes.`,
        `Wait for it, or end it. If there is no such process, remove ${failure.path}.`,
      );
    case "changed-meanwhile":
      return explanation(`${failure.detail}.`, "Run it again.");
    case "passphrase-unusable":
      return explanation(`The passphrase from ${failure.source} cannot be used: ${failure.detail}.`);
    case "wrong-passphrase":
      if (failure.isOld === true)
        return explanation(
          `${failure.path} was pulled from the remote and has another passphrase than the vault before it: the passphrase was changed on another host.`,
          "Use the new passphrase. Until the vault was opened once, the one before is kept next to it as vault.tar.aes.bak-N.",
        );
      return explanation(
        `${failure.path} cannot be opened: the passphrase is wrong, or the file is damaged${failure.tries > 1 ? ` (tried ${failure.tries} times)` : ""}.`,
        "Nothing was opened or changed.",
      );
    case "vault-damaged":
      return explanation(
        `${failure.path} is damaged: ${failure.detail}.`,
        failure.isRemote === true
          ? "The local vault is unchanged. `tazpod history` lists older versions, and `tazpod run restore --at N` brings one back."
          : "`tazpod pull --force` takes the remote's copy and keeps this one as a backup next to it.",
      );
    case "vault-format":
      return explanation(`${failure.path} cannot be used: ${failure.detail}.`, "A newer tazpod may read it.");
    case "vault-absent":
      return explanation(
        `There is no vault at ${failure.path}.`,
        "`tazpod pull` downloads it from the remote. `tazpod create` makes a new one.",
      );
    case "vault-exists":
      return explanation(
        `There is already a vault at ${failure.path}.`,
        "It was not changed. `tazpod vault import FILE --force` replaces it and keeps it as vault.tar.aes.bak-N; `tazpod vault set PATH < FILE` adds one file to it.",
      );
    case "vault-closed":
      return explanation("The vault is not open.", "`tazpod unlock` opens it.");
    case "vault-rollback":
      return explanation(
        `${failure.path} is older than a vault this host has opened before: generation ${failure.found}, sealed by ${failure.host} on ${utc(failure.time)}, after generation ${failure.seen}. It was not opened.`,
        "An old copy has replaced the vault. `tazpod pull` downloads the newer one, if the remote has it. To open the old one, use `tazpod unlock --force`.",
      );
    case "vault-unknown":
      return explanation(
        `${failure.path} was never sealed, pulled or opened on this host, so it was not pushed.`,
        "If it is your vault, open it with `tazpod unlock`. Then it can be pushed.",
      );
    case "mark-changed":
      if (failure.host !== undefined)
        return explanation(
          `The vault is open in ${failure.container} from another host, ${failure.host}.`,
          "Leave the shell there, or run `tazpod lock` there. If that host is gone, `tazpod lock --discard` empties the RAM folder; saved changes are safe.",
        );
      if (failure.lost !== undefined)
        return explanation(
          `The vault is open in ${failure.container}, but ${lostRecord(failure.lost)}.`,
          "`tazpod lock` seals the content of the RAM folder in a separate file and empties it. The sealed vault stays as it is.",
        );
      return explanation(
        `A vault is open in ${failure.container}, but its marker file is not the one this host wrote: a program in the container changed it, or another user or home opened a vault there.`,
        "`tazpod lock --discard` empties the RAM folder. Saved changes are safe.",
      );
    case "vault-vanished":
      return explanation(
        `The vault was open in the container, but ${failure.lost === undefined ? "a program inside removed or changed its marker file" : lostRecord(failure.lost)}.`,
        failure.kept === undefined
          ? "The sealed vault is unchanged since the last save; `tazpod enter` unlocks it again. Unsaved changes are lost, unless they are still in the RAM folder."
          : `The sealed vault is unchanged since the last save. The content of the RAM folder was sealed as ${failure.kept}, and the folder was emptied.`,
      );
    case "secrets-not-empty":
      return explanation(
        `${failure.folder} in the container already contains ${failure.names}, which is in no vault.`,
        "Move it elsewhere, or run `tazpod lock --discard` to remove it.",
      );
    case "archive-refused":
      return explanation(
        `The archive was refused because of ${JSON.stringify(failure.entry)}: ${failure.detail}.`,
      );
    case "archive-too-large":
      return explanation(
        failure.lacksRam === true
          ? `${failure.what} is ${failure.bytes} bytes, but only ${failure.limit} bytes of RAM are free for it.`
          : `${failure.what} is ${failure.bytes} bytes, but at most ${failure.limit} are allowed.`,
        failure.lacksRam === true
          ? "Free some RAM, or enlarge its file system: `mount -o remount,size=256m /dev/shm`, or in a container `docker run --shm-size 256m`."
          : "Raise vault.size in .tazpod/config.yaml, or remove files.",
      );
    case "save-incomplete":
      return explanation(
        `${failure.restSaved === true ? "Everything was saved but what could not be read or stored:" : "Some files could not be read, so nothing was saved:"}\n${failure.problems.map((line) => `  ${line}`).join("\n")}`,
        failure.restSaved === true
          ? "Fix or remove these files. `tazpod lock --skip-unreadable` locks the vault without them."
          : "Fix or remove these files, or leave them out with --skip-unreadable. `tazpod lock --discard` drops all unsaved changes.",
      );
    case "still-open":
      return explanation(
        `The RAM folder is not empty: ${failure.detail}.`,
        "`tazpod lock` tries again. `tazpod down` removes the container and its RAM.",
      );
    case "still-held":
      return explanation(
        `The RAM folder is empty, but processes in the container still have its files open: ${failure.holders}. Those files stay in RAM until the processes end.`,
        "`tazpod lock` checks again. `tazpod lock --force` ends them.",
      );
    case "no-credentials":
      return explanation(`${failure.detail}.`, failure.hint);
    case "login-failed":
      return login(failure);
    case "remote-unavailable":
      return explanation(
        failure.url === "none" ? "This project has no remote." : `${failure.url}: ${failure.reason}`,
        failure.hint,
      );
    case "remote-absent":
      return explanation(`There is no vault at ${failure.url}.`);
    case "remote-vanished":
      return explanation(
        `The vault at ${failure.url} is gone: this host last synced it on ${utc(failure.since)}. Nothing was changed.`,
        failure.url.startsWith("file://")
          ? "Is the disk mounted, and has the folder been synced? If the vault was removed on purpose, `tazpod push --force` uploads it again."
          : "Check remote.url and the endpoint. If the vault was removed on purpose, `tazpod push --force` uploads it again.",
      );
    case "remote-rollback":
      return explanation(
        `${failure.url} has an older vault than this host saw there before: generation ${failure.found}, written ${failure.host === undefined ? "" : `by ${failure.host} `}on ${utc(failure.modified)}, after generation ${failure.seen}. Nothing was changed.`,
        "An old copy was restored there, or the server returned one. To use it anyway, run `tazpod pull --force`; the local vault is kept as vault.tar.aes.bak-N.",
      );
    case "conflict":
      return explanation(failure.message, failure.hint);
    default:
      return failure satisfies never;
  }
}

/** Returns the text that `main` prints for a failure: place, message and hint. */
export function failureText(failure: Failure): string {
  const { message, where, hint } = explain(failure);
  return [
    where === undefined ? message : `${where}: ${message}`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ].join("\n");
}

function lostRecord({ file, how }: LostRecord): string {
  return how === "removed"
    ? `${file}, in which this host recorded that, was removed`
    : `${file}, in which this host recorded that, is damaged`;
}

function problemText({ at, message, hint, excerpt }: Problem): string {
  const head = at === undefined ? message : `${at.file}:${at.line}:${at.column}: ${message}`;
  return [
    head,
    ...(excerpt === undefined ? [] : [excerpt]),
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ].join("\n");
}

const untrustedFile = {
  changed: "has changed since this project was trusted",
  new: "did not exist when this project was trusted",
  gone: "was removed since this project was trusted",
} as const;

function nearby(nearest: string | undefined, known: readonly string[] | undefined): string {
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return known === undefined ? "See `tazpod --help`." : `Known: ${known.join(", ")}.`;
}

function ending(code: number | undefined, signal: string | undefined): string {
  return code === undefined ? `was killed by ${signal ?? "a signal"}` : `failed with exit code ${code}`;
}

function login({ startUrl, why, detail }: FailureOf<"login-failed">): Explanation {
  switch (why) {
    case "denied":
      return explanation(
        `The login at ${startUrl} was denied in the browser.`,
        "`tazpod login` starts a new one.",
      );
    case "expired":
      return explanation(
        `The login at ${startUrl} was not confirmed in time.`,
        "`tazpod login` starts a new one.",
      );
    case "unavailable":
      return explanation(
        `The login service of ${startUrl} is not reachable: ${detail}.`,
        "Check the network, and sso.region (sso_region in the AWS configuration).",
      );
    case "refused":
      return explanation(
        `The login service refused the login at ${startUrl}: ${detail}.`,
        "Check sso.start_url and sso.region (sso_start_url and sso_region in the AWS configuration).",
      );
    case "no-role":
      return explanation(
        `The login at ${startUrl} gives no credentials: ${detail}.`,
        "Check sso.account_id and sso.role_name (sso_account_id and sso_role_name in the AWS configuration).",
      );
  }
}

function explainNested({ task, chain, fact }: FailureOf<"nested-run">): Explanation {
  const by = `A step started this tazpod: ${chain.join(" → ")}.`;
  if (fact === undefined)
    return explanation(
      `${task} is running already and cannot run within itself. ${by}`,
      `Take the call of tazpod out of ${chain.at(-1)}, or let it run something that does not need ${task}.`,
    );
  return explanation(
    `${task} would make ${fact} false, which the outer run relies on. ${by}`,
    `Run ${task} after it, or list it under \`finally\` of the outer task.`,
  );
}
