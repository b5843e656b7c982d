import { clockAhead } from "../../aws/server-clock.js";
import { clientConfig } from "../../aws/client-config.js";
import { amazonEndpoint, proxyFor } from "../../aws/connection.js";
import { findLogin } from "../../aws/sso/find-login.js";
import { loginObstacle } from "../../aws/sso/login-obstacle.js";
import { stat } from "../../host/files.js";
import type { RemoteObject } from "../../remote/remote-types.js";
import { ago, listNames } from "../../host/human.js";
import { printable } from "../../host/printable.js";
import { conflictCopies } from "../../remote/file/conflict-copies.js";
import { isOffline } from "../../session/staleness.js";
import {
  type Check,
  good,
  fromFailure,
  type DoctorContext,
  type CheckOutcome,
  unknown,
  warning,
} from "./check.js";

/** Longer than three attempts to connect. */
const limitMs = 20_000;
const isS3 = ({ project }: DoctorContext): boolean => project.config.remote.url.startsWith("s3://");

/** Returns the checks of the remote. */
export function remoteChecks(doctor: DoctorContext): Check[] {
  const common = [loginCheck(doctor), reachCheck(doctor)];
  if (isS3(doctor)) return [...common, writesCheck(doctor), clockCheck(doctor), proxyCheck(doctor)];
  return doctor.project.config.remote.url.startsWith("file:") ? [...common, copiesCheck(doctor)] : common;
}

/** Reports other versions of the vault that a sync program left next to it. */
function copiesCheck({ project }: DoctorContext): Check {
  return {
    name: "copies",
    limitMs,
    async run() {
      const found = await conflictCopies(project.config.remote.url);
      if (!found.ok) return fromFailure(found.failure, "warning");
      if (found.value.length === 0) return good("no sync program set another version of the vault aside");
      return warning(
        `a sync program set other versions of the vault aside: ${listNames(found.value.map(printable), 5)}`,
        "Each may have what the vault lacks: set remote.url to it in .tazpod/config.local.yaml, run `tazpod merge`, undo the setting, and push.",
      );
    },
  };
}

function loginCheck(doctor: DoctorContext): Check {
  const { context, login } = doctor;
  return {
    name: "login",
    limitMs,
    async run() {
      if (isOffline(context)) return offline;
      const { state, reason, hint } = await login();
      if (state === "true") return good(reason);
      const obstacle = state === "false" ? await noLogin(doctor) : undefined;
      if (obstacle !== undefined) return obstacle;
      return {
        verdict: state === "false" ? "warning" : "unknown",
        reason,
        todo: hint,
      };
    },
  };
}

/** Returns what would make a login fail. Without a local vault, `enter` needs a login. */
async function noLogin({ project }: DoctorContext): Promise<CheckOutcome | undefined> {
  const { remote } = project.config;
  const found = await findLogin(remote, process.env);
  if (found.ok && found.value !== undefined) return undefined;
  const failure = found.ok ? await loginObstacle(remote, process.env) : found.failure;
  if (failure === undefined) return undefined;
  const here = await stat(project.vaultFile);
  return fromFailure(failure, here.ok && here.value !== undefined ? "warning" : "stops");
}

function reachCheck({ project, context, login }: DoctorContext): Check {
  const { url } = project.config.remote;
  return {
    name: "remote",
    limitMs,
    async run(signal) {
      if (url === "none") return good("this project has none");
      if (isOffline(context)) return offline;
      if ((await login()).state !== "true") return unknown(`${url} was not contacted without a login`);
      const found = await (await context.remote()).head(signal);
      if (found.state === "present") return good(`${url} ${vaultOf(found.object)}`);
      if (found.state === "absent") return good(`${url} is readable and has no vault yet`);
      // a local vault opens without it
      const here = await stat(project.vaultFile);
      return fromFailure(found.failure, here.ok && here.value !== undefined ? "warning" : "stops");
    },
  };
}

function vaultOf({ host, modified, generation }: RemoteObject): string {
  const which = generation === undefined ? "" : `, generation ${generation}`;
  return `has a vault that ${host ?? "another host"} wrote ${ago(modified)}${which}`;
}

/** Reports what is known about conditional writes: to find out takes writes. */
function writesCheck({ project, context }: DoctorContext): Check {
  const { singleWriter } = project.config.remote;
  return {
    name: "writes",
    limitMs: 5_000,
    async run() {
      const known = await (await context.remote()).conditionSupport();
      if (known === undefined)
        return unknown(
          "whether the server honours conditional writes is not known: the first push finds out",
        );
      if (known.honoured)
        return good("the server honours conditional writes, so a push never overwrites an unseen vault");
      const reason = `the server does not honour conditional writes: ${known.why}`;
      return singleWriter
        ? good(`${reason}; remote.single_writer says that no other host pushes`)
        : warning(
            reason,
            "tazpod does not push there. Set remote.single_writer if no other host ever pushes, or use another server.",
          );
    },
  };
}

/** S3 rejects requests signed 15 minutes off, and the SDK then corrects itself; logins and times are not corrected. */
const slackMs = 60_000;

export function judgeClock(aheadMs: number | undefined): CheckOutcome {
  if (aheadMs === undefined) return unknown("the server returned no time to compare with");
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  if (Math.abs(aheadMs) <= slackMs) return good(`within ${seconds + 1} s of the server's clock`);
  return warning(
    `this machine is ${seconds} s ${aheadMs > 0 ? "ahead of" : "behind"} the server`,
    "Set it, for instance with `timedatectl set-ntp true`.",
  );
}

function clockCheck({ project, context }: DoctorContext): Check {
  return {
    name: "clock",
    limitMs,
    run: async (signal) =>
      isOffline(context) ? offline : judgeClock(await clockAhead(project.config.remote, signal)),
  };
}

function proxyCheck({ project }: DoctorContext): Check {
  return {
    name: "proxy",
    limitMs,
    async run() {
      const { region, endpoint } = clientConfig(project.config.remote, process.env);
      const proxy = await proxyFor(endpoint ?? amazonEndpoint(region), process.env);
      const bundle = process.env["AWS_CA_BUNDLE"];
      const trusted = bundle ? `; certificates of ${bundle} are trusted (AWS_CA_BUNDLE)` : "";
      return good(
        `${proxy === undefined ? "S3 is reached without one" : `S3 is reached through ${withoutPassword(proxy)}`}${trusted}`,
      );
    },
  };
}

function withoutPassword(proxy: string): string {
  return proxy.replace(/\/\/[^/@]*@/, "//…@");
}

const offline = unknown("not asked: --offline");
