import { foreign, noImage, noStart, unavailable } from "./explain-engine.js";
import { type Explanation, say } from "./explanation.js";
import type { Failure, FailureOf, Problem } from "./failure.js";

const project = "Use `tazpod init` in the project's folder, or name it with --project DIR.";

/** The only author of messages for people. */
export function explain(failure: Failure): Explanation {
  switch (failure.kind) {
    case "usage":
      return say(failure.message, failure.hint ?? "See `tazpod --help`.");
    case "unknown-name":
      return say(`There is no ${failure.what} "${failure.name}".`, nearby(failure.nearest, failure.known));
    case "invalid-document":
      return say(failure.problems.map(problemText).join("\n\n"));
    case "unmet-fact":
      return say(
        `${failure.task === undefined ? "" : `${failure.task} needs `}${failure.fact}, which does not hold: ${failure.reason}.`.replace(
          /\.\.$/,
          ".",
        ),
      );
    case "unknown-fact":
      return say(
        `Could not tell whether ${failure.desc ?? `${failure.fact} holds`}: ${failure.reason}`,
        failure.hint,
      );
    case "plan-conflict":
      return say(failure.message, failure.hint);
    case "precondition":
      return say(failure.message, undefined, failure.at);
    case "answer-needed":
      return say(
        `An answer was needed and nobody could give it: ${failure.question}`,
        `Run it on a terminal, or use ${failure.flag}.`,
      );
    case "declined":
      return say(`Declined: ${failure.question}`, "Nothing of it was done.");
    case "interrupted":
      return say(`Interrupted (${failure.signal}).`);
    case "timeout":
      return say(`${failure.what}: no end within ${failure.ms / 1000} s.`);
    case "too-much-output":
      return say(
        `${failure.what} printed more than ${Math.floor(failure.limit / 2 ** 20)} MiB and was ended.`,
        "Something in the container may be printing without end: `tazpod down` removes the container.",
      );
    case "task-failed": {
      const cause = explain(failure.cause);
      return { ...cause, message: `${failure.task}: ${cause.message}` };
    }
    case "cleanup-failed": {
      const all = failure.first === undefined ? failure.causes : [failure.first, ...failure.causes];
      return say(all.map(failureText).join("\n"));
    }
    case "not-achieved":
      return say(
        `${failure.task} ended without an error, but ${failure.fact} ${failure.expected ? "still does not hold" : "still holds"}: ${failure.reason}.`,
      );
    case "script":
      return say(`${failure.file}: ${failure.message}`);
    case "command-missing":
      return say(`The program ${failure.program} was not found.`, failure.hint);
    case "command-failed":
      return say(
        `\`${failure.command.join(" ")}\` ${ending(failure.code, failure.signal)}${failure.detail === "" ? "." : `: ${failure.detail}`}`,
      );
    case "exit-code":
      return say(`${failure.command} ended with exit code ${failure.code}.`);
    case "file":
      return say(`Could not ${failure.action} ${failure.path}: ${failure.detail ?? failure.code}.`);
    case "no-project":
      return say(`There is no TazPod project in ${failure.from} or above it.`, project);
    case "engine-unavailable":
      return unavailable(failure);
    case "no-engine":
      return say(
        `There is nothing here to run a container with:\n${failure.causes.map((cause) => `  ${explain(cause).message}`).join("\n")}`,
        "Install Docker or podman, or let this user make Linux namespaces. TAZPOD_ENGINE=process does without isolation.",
      );
    case "container-foreign":
      return foreign(failure);
    case "container-gone":
      return say(
        `The container ${failure.name} ${failure.restarted === true ? "was started anew, with an empty RAM folder" : "no longer runs"}.`,
        failure.unsaved
          ? "What was in RAM and not saved is lost with it; the sealed vault is as it was last saved."
          : "Run `tazpod enter` to start it.",
      );
    case "container-start":
      return noStart(failure);
    case "image-unavailable":
      return noImage(failure);
    case "build-failed":
      return say(
        `The image does not build from ${failure.dockerfile}:\n${failure.lines.map((line) => `  ${line}`).join("\n")}`,
        `Correct ${failure.dockerfile}; \`build\` in .tazpod/config.yaml names it.`,
      );
    case "image-unusable":
      return say(`The image ${failure.image} lacks ${failure.lacks}.`, failure.hint);
    case "ghost-mode-off":
      return say(
        "ghost_mode: false would keep secrets outside RAM, and this engine can do better.",
        "Set ghost_mode: true in .tazpod/config.yaml.",
      );
    case "untrusted":
      return say(
        `${failure.text}\nThis project is not trusted on this host yet.`,
        `Look at all of it with \`tazpod trust --show\`, and trust it with \`tazpod trust\`, or with TAZPOD_TRUST=${failure.hash}`,
      );
    case "untrusted-file":
      return say(
        `${failure.file} ${untrustedFile[failure.why]}, so it was not used.`,
        "`tazpod trust` shows what has changed, and asks.",
      );
    case "setting-unusable":
      return say(`\`${failure.setting}\` in .tazpod/config.yaml: ${failure.detail}.`, failure.hint);
    case "busy":
      return say(
        `Another tazpod (process ${failure.pid} on ${failure.host}) is opening, saving or closing this vault, and does not come to an end.`,
        `Wait for it or end it. If there is no such process, remove ${failure.path}.`,
      );
    case "changed-meanwhile":
      return say(`${failure.detail}.`, "Run it again.");
    case "passphrase-unusable":
      return say(`The passphrase from ${failure.source} cannot be used: ${failure.detail}.`);
    case "wrong-passphrase":
      return say(
        `${failure.path} does not open: the passphrase is wrong, or the file is damaged${failure.tries > 1 ? ` (tried ${failure.tries} times)` : ""}.`,
        "Nothing was opened or changed.",
      );
    case "vault-damaged":
      return say(
        `${failure.path} is damaged: ${failure.detail}.`,
        "`tazpod pull --force` takes the remote's copy and keeps this one beside it.",
      );
    case "vault-format":
      return say(`${failure.path} cannot be used: ${failure.detail}.`, "A newer tazpod may read it.");
    case "vault-absent":
      return say(
        `There is no vault at ${failure.path}.`,
        "`tazpod pull` brings it; `tazpod create` makes a new one.",
      );
    case "vault-exists":
      return say(
        `There is a vault at ${failure.path} already.`,
        "It is left as it is. Move it away first if a new one is wanted.",
      );
    case "vault-closed":
      return say("The vault is not open.", "`tazpod unlock` opens it.");
    case "vault-rollback":
      return say(
        `${failure.path} is older than a vault that this host has opened before: generation ${failure.found}, sealed by ${failure.host} on ${failure.time.slice(0, 19).replace("T", " ")} UTC, after generation ${failure.seen}. It was not opened.`,
        "An old copy was put in its place. `tazpod pull` brings the newer one, if the remote has it. If the old one is wanted, `tazpod unlock --force` opens it.",
      );
    case "vault-unknown":
      return say(
        `${failure.path} was neither sealed, nor pulled, nor opened by this host, so it is not pushed.`,
        "`tazpod unlock` opens it, if it is your vault; it can be pushed then.",
      );
    case "mark-changed":
      return say(
        `A vault is open in ${failure.container}, and its mark is not the one that this host left: a program inside has changed it, or another user or home has opened a vault there.`,
        "`tazpod lock --discard` empties the RAM folder. What was saved is safe.",
      );
    case "vault-vanished":
      return say(
        "The vault was open in the container, and its mark was removed or changed from inside.",
        failure.kept === undefined
          ? "The sealed vault is as it was last saved, and `tazpod enter` unlocks it again. What was not saved is lost, unless it still lies there."
          : `The sealed vault is as it was last saved. What lay in the RAM folder was sealed beside it, as ${failure.kept}, and the folder was emptied.`,
      );
    case "archive-refused":
      return say(`The archive is refused because of ${JSON.stringify(failure.entry)}: ${failure.detail}.`);
    case "archive-too-large":
      return say(
        failure.lacksRam === true
          ? `${failure.what} is ${failure.bytes} bytes, and at most ${failure.limit} fit into the RAM that is free for it.`
          : `${failure.what} is ${failure.bytes} bytes, and at most ${failure.limit} are allowed.`,
        failure.lacksRam === true
          ? "Free some, or make its file system larger: `mount -o remount,size=256m /dev/shm`, or in a container `docker run --shm-size 256m`."
          : "Raise vault.size in .tazpod/config.yaml, or take something out.",
      );
    case "save-incomplete":
      return say(
        `Not everything could be read, so nothing was saved:\n${failure.problems.map((line) => `  ${line}`).join("\n")}`,
        "Remove or repair what is named, or leave it out with --skip-unreadable. `tazpod lock --discard` drops all unsaved work.",
      );
    case "still-open":
      return say(
        `The RAM folder is not empty: ${failure.detail}.`,
        "`tazpod lock` tries again; `tazpod down` removes the container and its RAM with it.",
      );
    case "still-held":
      return say(
        `The RAM folder is empty, but processes in the container still have files of it open: ${failure.holders}. Until they end, that stays in RAM.`,
        "`tazpod lock` looks again; `tazpod lock --force` ends them.",
      );
    case "no-credentials":
      return say(`${failure.detail}.`, failure.hint);
    case "login-failed":
      return login(failure);
    case "remote-unavailable":
      return say(`${failure.url}: ${failure.reason}`, failure.hint);
    case "remote-absent":
      return say(`There is no vault at ${failure.url}.`);
    case "remote-rollback":
      return say(
        `${failure.url} has an older vault than this host has seen there: generation ${failure.found}, written ${failure.host === undefined ? "" : `by ${failure.host} `}on ${failure.modified.slice(0, 19).replace("T", " ")} UTC, after generation ${failure.seen}. Nothing was changed.`,
        "Somebody put an old copy back, or the server serves one. If that is wanted, `tazpod pull --force` takes it and keeps the vault here beside it as vault.tar.aes.bak-N.",
      );
    case "conflict":
      return say(failure.message, failure.hint);
    default:
      return failure satisfies never;
  }
}

/** What `main` prints for a failure. */
export function failureText(failure: Failure): string {
  const { message, where, hint } = explain(failure);
  return [
    where === undefined ? message : `${where}: ${message}`,
    ...(hint === undefined ? [] : [`  ${hint}`]),
  ].join("\n");
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
  new: "was not there when this project was trusted",
  gone: "is gone since this project was trusted",
} as const;

function nearby(nearest: string | undefined, known: readonly string[] | undefined): string {
  if (nearest !== undefined) return `Did you mean "${nearest}"?`;
  return known === undefined ? "See `tazpod --help`." : `Known: ${known.join(", ")}.`;
}

function ending(code: number | undefined, signal: string | undefined): string {
  return code === undefined ? `was ended by ${signal ?? "a signal"}` : `failed with exit code ${code}`;
}

function login({ startUrl, why, detail }: FailureOf<"login-failed">): Explanation {
  switch (why) {
    case "denied":
      return say(`The login at ${startUrl} was denied in the browser.`, "`tazpod login` begins another one.");
    case "expired":
      return say(`Nobody confirmed the login at ${startUrl} in time.`, "`tazpod login` begins another one.");
    case "unavailable":
      return say(
        `The login service of ${startUrl} could not be asked: ${detail}.`,
        "Check the network, and sso.region (sso_region in the AWS configuration).",
      );
    case "refused":
      return say(
        `The login service refused the login at ${startUrl}: ${detail}.`,
        "Check sso.start_url and sso.region (sso_start_url and sso_region in the AWS configuration).",
      );
    case "no-role":
      return say(
        `The login at ${startUrl} gives no credentials: ${detail}.`,
        "Check sso.account_id and sso.role_name (sso_account_id and sso_role_name in the AWS configuration).",
      );
  }
}
