import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Programs that a dry run takes as they are; they change nothing outside the step's own files. */
export interface DryRunTools {
  readonly kustomize: string;
  readonly kubeconform: string;
  readonly schemasDir: string;
  /** Docker's buildx plugin, run on its own. */
  readonly buildx: string;
}

/**
 * Writes the programs that reach outside, as ones that only note how they were called in `$DRY_RUN_CALLS`, and check
 * what they were given. What they don't know fails, so that a new call gets a stand-in before it gets to production.
 *
 * @returns the folder to put first in PATH
 */
export function writeShims(directory: string, tools: DryRunTools): string {
  const shims = join(directory, 'bin');
  mkdirSync(shims, { recursive: true });
  const write = (name: string, body: string) => {
    writeFileSync(join(shims, name), `#!/bin/sh\nset -eu\n${note}\n${body}\n`, { mode: 0o755 });
  };
  write('apt-get', 'exit 0');
  write('npm', npmBody);
  write('docker', dockerBody(tools.buildx));
  write('kubectl', kubectlBody(tools));
  symlinkSync(tools.kustomize, join(shims, 'kustomize'));
  return shims;
}

const note = `printf '%s' "$(basename "$0")" >> "$DRY_RUN_CALLS"
printf ' %s' "$@" >> "$DRY_RUN_CALLS"
printf '\\n' >> "$DRY_RUN_CALLS"
unknown() { echo "the dry run knows no such call: $(basename "$0") $*" >&2; exit 64; }`;

/** A script of package.json must be there; what it does is tested by running it, which is what CI is for. */
const npmBody = `case $1 in
  test) script=test ;;
  run) script=$2 ;;
  *) unknown "$@" ;;
esac
node -e 'if (!require("./package.json").scripts[process.argv[1]]) process.exit(1)' "$script" ||
  { echo "package.json has no script $script" >&2; exit 1; }`;

/** The real buildx reads the bake file and prints what it would build. */
const dockerBody = (buildx: string) => `[ "$1" = buildx ] || unknown "$@"
shift
case $1 in
  create) test -s "$DOCKER_CONFIG/config.json" ;;
  rm) ;;
  bake)
    shift
    pushes=
    for argument in "$@"; do
      shift
      case $argument in
        --push) pushes=yes ;;
        --builder) builder=yes ;;
        *) [ "\${builder:-}" = yes ] && builder= || set -- "$@" "$argument" ;;
      esac
    done
    [ -n "$pushes" ] || { echo "nothing is pushed" >&2; exit 1; }
    "${buildx}" bake "$@" --print 2> /dev/null > "$DRY_RUN_BUILD" ;;
  *) unknown "$@" ;;
esac`;

/** What would be applied must fit the API's schemas; a cluster is never asked. */
const kubectlBody = ({ kubeconform, schemasDir }: DryRunTools) => `test -s "$KUBECONFIG"
while [ $# -gt 0 ]; do
  case $1 in
    --context|--namespace) [ -n "$2" ] || unknown "$@"; shift 2 ;;
    *) break ;;
  esac
done
case $1 in
  apply)
    [ "$2" = --filename ] || unknown "$@"
    "${kubeconform}" -strict -summary -schema-location '${schemasDir}/{{.ResourceKind}}{{.KindSuffix}}.json' "$3"
    cp "$3" "$DRY_RUN_APPLIED" ;;
  delete) [ "$2" = job ] || unknown "$@" ;;
  rollout) [ "$2" = status ] && [ "\${DRY_RUN_ROLLOUT_FAILS:-}" != "$3" ] || [ "$2" = undo ] ;;
  *) unknown "$@" ;;
esac`;
