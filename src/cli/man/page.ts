import type { Command, Option } from 'commander';
import { examplesOf } from '../examples.js';
import { sections } from './sections.js';

/** The man page of the program, made from its commands: roff with the macros of man(7). */
export function manPage(program: Command, version: string): string {
  const help = program.createHelp();
  const commands = help.visibleCommands(program).filter((one) => one.name() !== 'help');
  const headings = new Set(commands.map((command) => command.helpGroup()));
  return [
    `.TH STILLPOINT 1 "" ${quoted(`stillpoint ${version}`)} "User Commands"`,
    '.SH NAME',
    `stillpoint \\- ${text(program.description())}`,
    '.SH SYNOPSIS',
    '.B stillpoint',
    text('[options] command [arguments]'),
    ...sections.before.flatMap(sectionLines),
    '.SH OPTIONS',
    'These stand before or after any command.',
    ...program.options.flatMap(optionLines),
    '.SH COMMANDS',
    ...[...headings].flatMap((heading) => [
      `.SS ${quoted(heading.replace(/:$/, ''))}`,
      ...commands
        .filter((command) => command.helpGroup() === heading)
        .flatMap(leavesOf)
        .flatMap((command) => commandLines(command, program)),
    ]),
    ...sections.after.flatMap(sectionLines),
    '',
  ].join('\n');
}

function commandLines(command: Command, program: Command): string[] {
  const global = new Set(program.options.map(({ long }) => long));
  const own = command.options.filter(({ long, hidden }) => !hidden && !global.has(long));
  const usage = [pathOf(command), ...command.registeredArguments.map(argumentText)].join(' ');
  return [
    '.PP',
    `.B ${quoted(text(usage))}`,
    '.RS',
    text(sentence(command.description())),
    ...own.flatMap(optionLines),
    ...examplesOf(command).flatMap(([line, about]) => [
      '.PP',
      text(sentence(about)),
      '.br',
      `.B ${quoted(text(line))}`,
    ]),
    '.RE',
  ];
}

/** A command, or those below it. */
function leavesOf(command: Command): Command[] {
  const below = command.commands.filter((one) => one.name() !== 'help');
  return below.length === 0 ? [command] : below.flatMap(leavesOf);
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name();
}

function argumentText(argument: Command['registeredArguments'][number]): string {
  const name = argument.name() + (argument.variadic ? '...' : '');
  return argument.required ? `<${name}>` : `[${name}]`;
}

function optionLines({ flags, description, argChoices, defaultValue }: Option): string[] {
  const more = [
    ...(argChoices ? [`one of ${argChoices.join(', ')}`] : []),
    ...(typeof defaultValue === 'string' || typeof defaultValue === 'number'
      ? [`default ${defaultValue}`]
      : []),
  ];
  const about = more.length > 0 ? `${description} (${more.join('; ')})` : description;
  return ['.TP', `.B ${quoted(text(flags))}`, text(sentence(about))];
}

function sectionLines([heading, lines]: readonly [string, readonly string[]]): string[] {
  return [`.SH ${quoted(heading)}`, ...lines.flatMap((line) => paragraph(line))];
}

/** A paragraph; `word: meaning` with two spaces before it is an entry of a list. */
function paragraph(line: string): string[] {
  const [, word, about] = /^ {2}(\S.*?): {2}(.*)$/.exec(line) ?? [];
  if (word === undefined || about === undefined) return ['.PP', text(line)];
  return ['.TP', `.B ${quoted(text(word))}`, text(about)];
}

function sentence(words: string): string {
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}${/[.?!]$/.test(words) ? '' : '.'}`;
}

/** Text as roff: nothing in it is a command, and a hyphen that may be typed stays one. */
function text(plain: string): string {
  const escaped = plain.replaceAll('\\', '\\e').replaceAll('-', '\\-');
  return escaped.replace(/^([.'])/gm, '\\&$1');
}

function quoted(escaped: string): string {
  return `"${escaped.replaceAll('"', '""')}"`;
}
