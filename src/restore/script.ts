import type { BackupRecord, Manifest, ManifestPart } from '../catalog/records.js';
import { quotedWord } from '../util/shell.js';
import { makesSequences } from './sequences.js';

/**
 * The text of `restore.sh`: restores the backup with bash, zstd, the server's client and, where they
 * are needed, aws and age. It fetches each part whole and checks its SHA-256 before loading it.
 */
export function restoreScript(
  record: Omit<BackupRecord, 'manifest' | 'script'>,
  manifest: Manifest,
): string {
  const client = record.flavour === 'mariadb' ? 'mariadb' : 'mysql';
  const { coordinates: at } = record;
  const phase = (kind: ManifestPart['kind'], call = 'load'): string =>
    manifest.parts
      .filter((part) => part.kind === kind)
      .sort((a, b) => Number(makesSequences(b, manifest)) - Number(makesSequences(a, manifest)))
      .map((part) => `${call} ${quotedWord(part.key)} ${part.sha256} ${quotedWord(part.database)}`)
      .join('\n');
  return `#!/usr/bin/env bash
# Restores backup ${record.id} of pair ${record.pair} (${record.flavour} ${record.version})
# without stillpoint. It needs ${client}, zstd${record.encrypted ? ', age' : ''}, and aws for a store in S3.
#
#   bash restore.sh --defaults-file=target.cnf       # any options of ${client}
#
#   STILLPOINT_STORE     where the backups lie: a folder or s3://bucket/prefix
#                        (default: the folder this file was found in)
#   STILLPOINT_IDENTITY  file with the age key, for an encrypted backup
#   STILLPOINT_ACCOUNTS  set it to 1 to create users, roles and grants too
#   MYSQL                the client program (default: ${client})
set -euo pipefail

${record.encrypted ? ': "${STILLPOINT_IDENTITY:?name the file with the age key of this backup}"\n' : ''}store=\${STILLPOINT_STORE:-$(cd "$(dirname "$0")/../../.." && pwd)}
client=\${MYSQL:-${client}}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
options=("$@")

sql() { "$client" "\${options[@]}" --binary-mode --comments --max-allowed-packet=1G --default-character-set=utf8mb4 "$@"; }

fetch() {
  case $store in
    s3://*) aws s3 cp --only-show-errors "$store/$1" "$work/part" ;;
    *) cp -- "$store/$1" "$work/part" ;;
  esac
}

decode() {
  case $1 in
    *.age) age --decrypt -i "$STILLPOINT_IDENTITY" "$work/part" | zstd -q -d -c ;;
    *) zstd -q -d -c "$work/part" ;;
  esac
}

# load KEY SHA256 DATABASE
load() {
  echo "loading $1" >&2
  fetch "$1"
  echo "$2  $work/part" | sha256sum --quiet --check - >&2
  if [ -n "$3" ]; then decode "$1" | sql --database="$3"; else decode "$1" | sql; fi
}

# The final views of a part, without the placeholders of mysqldump; goes on after an error.
load_views() {
  echo "loading $1" >&2
  fetch "$1"
  echo "$2  $work/part" | sha256sum --quiet --check - >&2
  decode "$1" |
    LC_ALL=C sed '/^-- Temporary [a-z]* structure for view/,/^-- Final view structure for view/d' |
    sql --force --database="$3" 2>>"$work/errors"
}

printf '%s\\n' ${manifest.databases.map(({ create }) => quotedWord(`${create};`)).join(' ') || "''"} | sql
${phase('schema')}
${phase('data')}
${phase('objects')}

# A view may use another of any database: all of them again, until no error is left.
before=none
while :; do
  : >"$work/errors"
${phase('views', '  load_views') || '  :'}
  errors=$(grep -c ^ERROR "$work/errors" || true)
  if [ "$errors" = 0 ]; then break; fi
  if [ "$errors" = "$before" ]; then
    cat "$work/errors" >&2
    exit 1
  fi
  before=$errors
done

if [ "\${STILLPOINT_ACCOUNTS:-}" = 1 ]; then
${phase('accounts', '  load') || '  :'}
fi

cat >&2 <<'END_OF_TEXT'
restored. The replica stood at:
  source file      ${at.source.file}
  source position  ${at.source.position}
  GTID             ${at.gtid ?? 'none'}
END_OF_TEXT
`;
}
