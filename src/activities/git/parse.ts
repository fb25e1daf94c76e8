/** A commit, as a run shows it. */
export interface Commit {
  readonly id: string;
  readonly author: string;
  readonly subject: string;
  /** ISO 8601: when the author made it, by the author's clock. */
  readonly authoredAt: string;
}

/** A file that a push changed. */
export interface ChangedFile {
  readonly status: 'added' | 'modified' | 'deleted' | 'renamed' | 'type_changed';
  readonly path: string;
  /** The path before a rename. */
  readonly oldPath?: string;
  /** Missing for binary files, and where counting was cut short. */
  readonly addedLines?: number;
  readonly deletedLines?: number;
  readonly binary?: true;
}

/** What `parseCommits` reads: four fields for each commit, each ended by NUL. */
export const commitFormat = '--format=tformat:%H%x00%an%x00%aI%x00%s';

const authorCharacters = 100;
const subjectCharacters = 200;

/** The commits of `git log -z` in the format above; one that was cut off is left out. */
export function parseCommits(output: Buffer): Commit[] {
  const fields = output.toString('utf8').split('\0').slice(0, -1);
  const commits: Commit[] = [];
  for (let at = 0; at + 3 < fields.length; at += 4) {
    const [id = '', author = '', authoredAt = '', subject = ''] = fields.slice(at, at + 4);
    commits.push({
      id,
      author: shorten(author, authorCharacters),
      subject: shorten(subject, subjectCharacters),
      authoredAt,
    });
  }
  return commits;
}

/**
 * The files of `git diff-tree -r -z --raw`, with the lines of `--numstat -z`; records that were cut off
 * are left out. https://git-scm.com/docs/git-diff#_raw_output_format
 */
export function parseFiles(raw: Buffer, numbers: Buffer): ChangedFile[] {
  const lines = parseNumbers(numbers);
  const fields = raw.toString('utf8').split('\0').slice(0, -1);
  const files: ChangedFile[] = [];
  for (let at = 0; at < fields.length;) {
    const letter = fields[at++]?.split(' ')[4]?.[0] ?? '';
    const oldPath = letter === 'R' ? fields[at++] : undefined;
    const path = fields[at++];
    if (path === undefined) break;
    const status = statuses[letter as keyof typeof statuses] ?? 'modified';
    files.push({ status, path, ...(oldPath !== undefined && { oldPath }), ...lines.get(path) });
  }
  return files;
}

const statuses = { A: 'added', M: 'modified', D: 'deleted', R: 'renamed', T: 'type_changed' } as const;

type Lines = Pick<ChangedFile, 'addedLines' | 'deletedLines' | 'binary'>;

/** `1<tab>2<tab>path`, and for renames `1<tab>2<tab>`, old path, new path. */
function parseNumbers(output: Buffer): Map<string, Lines> {
  const fields = output.toString('utf8').split('\0').slice(0, -1);
  const lines = new Map<string, Lines>();
  for (let at = 0; at < fields.length;) {
    const [added = '', deleted = '', ...rest] = fields[at++]?.split('\t') ?? [];
    const named = rest.join('\t');
    const path = named === '' ? fields[(at += 2) - 1] : named;
    if (path === undefined) break;
    lines.set(
      path,
      added === '-' ? { binary: true } : { addedLines: Number(added), deletedLines: Number(deleted) },
    );
  }
  return lines;
}

const shorten = (text: string, characters: number): string =>
  text.length <= characters ? text : `${text.slice(0, characters - 1).toWellFormed()}…`;
