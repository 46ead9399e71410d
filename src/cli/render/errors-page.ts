type Row = { meaning: string; retryable: boolean; hint: string };

/** docs/reference/errors.md: one section per code, so that a code found in a log is found by a search. */
export function errorsPage(rows: Readonly<Record<string, Row>>): string {
  return [
    '# Errors',
    '',
    '<!-- Made by `npm run errors` from src/errors/catalogue; do not edit. -->',
    '',
    'Every failure of Gantry has one of these codes: as the `type` of the failure in Temporal, on the command line, in',
    '`--json` and in reports. *Retried* means that trying the same again may succeed, so that a step does so by itself',
    'before its run parks.',
    ...Object.entries(rows)
      .sort(([a], [b]) => a.localeCompare(b, 'en'))
      .flatMap(([code, { meaning, retryable, hint }]) => [
        '',
        `## ${code}`,
        '',
        meaning,
        '',
        `- Next: ${hint}`,
        `- Retried: ${retryable ? 'yes' : 'no'}`,
      ]),
    '',
  ].join('\n');
}
