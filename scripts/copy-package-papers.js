import { copyFileSync } from 'node:fs';

// The licence and the changelog live at the top; npm packs only what lies in the package's own folder.
for (const paper of ['LICENSE', 'CHANGELOG.md']) {
  copyFileSync(
    new URL(`../${paper}`, import.meta.url),
    new URL(`../libs/heartwire/${paper}`, import.meta.url),
  );
}
