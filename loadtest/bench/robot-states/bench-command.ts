import { AppError } from '@fleetstream/kernel';

export interface BenchContext {
  readonly root: string;
  readonly nodeFile: string;
  readonly env: NodeJS.ProcessEnv;
  readonly stdout: Say;
  readonly stderr: Say;
}

export type Say = (line: string) => void;

export type ParsedCommand<Options> =
  | { readonly kind: 'run'; readonly options: Options }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly problems: readonly string[] };

export interface BenchCommand<Options> {
  readonly name: string;
  readonly help: string;
  readonly parse: (argv: readonly string[], context: BenchContext) => ParsedCommand<Options>;
  readonly run: (options: Options, context: BenchContext, say: Say) => Promise<0 | 1>;
}

/** A bench from its command line to its exit code; with `--json` what it says on its way goes to stderr. */
export async function runBenchCommand<Options extends { readonly json: boolean }>(
  command: BenchCommand<Options>,
  argv: readonly string[],
  context: BenchContext,
): Promise<0 | 1 | 2> {
  const parsed = command.parse(argv, context);
  switch (parsed.kind) {
    case 'help':
      context.stdout(command.help);
      return 0;
    case 'wrong':
      context.stderr(`${parsed.problems.join('\n')}\n"npm run bench:${command.name} -- --help" lists the flags.`);
      return 2;
    case 'run':
      try {
        return await command.run(parsed.options, context, parsed.options.json ? context.stderr : context.stdout);
      } catch (thrown) {
        if (!(thrown instanceof AppError)) throw thrown;
        context.stderr(thrown.message);
        return 1;
      }
  }
}
