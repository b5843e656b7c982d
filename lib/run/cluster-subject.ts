import type { Subject } from "../engine/kubernetes/rights.js";
import { fail, ok, type Result } from "../failure/result.js";

/** The values of the flags that name who gets rights in a cluster. */
export interface SubjectFlags {
  readonly user?: string | undefined;
  readonly group?: string | undefined;
  /** `NAMESPACE:NAME` */
  readonly "service-account"?: string | undefined;
}

/** Reads who gets rights in a cluster; undefined without a name. Failure: `usage`. */
export function parseSubject(values: SubjectFlags): Result<Subject | undefined> {
  const { user, group, "service-account": account } = values;
  const given = [user, group, account].filter((value) => value !== undefined);
  if (given.length > 1) return wrong("--user, --group and --service-account exclude each other.");
  if (account !== undefined) {
    const [, namespace = "", name = ""] = /^([^:\s]+):([^:\s]+)$/.exec(account) ?? [];
    if (name === "") return wrong(`--service-account takes NAMESPACE:NAME, not ${JSON.stringify(account)}.`);
    return ok({ kind: "ServiceAccount", name, namespace });
  }
  const [name] = given;
  if (name === undefined) return ok(undefined);
  if (name.trim() === "")
    return wrong(`--${user === undefined ? "group" : "user"} takes a name, not ${JSON.stringify(name)}.`);
  return ok({ kind: user === undefined ? "Group" : "User", name });
}

const wrong = (message: string): Result<never> =>
  fail({ kind: "usage", message, hint: "See `tazpod setup-cluster --help`." });
