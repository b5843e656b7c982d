/** A recipe with which the checks of `plan enter` start no program. */
export const instantRecipe = `version: 1
facts:
  container: { check: { env: PATH } }
  container-current: { check: { env: PATH } }
  workspace: { check: { env: PATH } }
  session: { check: { env: PATH } }
  vault-remote: { check: { env: PATH } }
  vault-local: { check: { env: TAZPOD_ABSENT } }
  vault-open: { check: { env: TAZPOD_ABSENT } }
  parts-open: { check: { env: PATH } }
`;
