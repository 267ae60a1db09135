import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mendedObjects } from '../../../src/dump/mend.js';
import { inPieces, onLoan, pieceSizes, read } from '../util/pieces.js';

const whole = [1 << 20];
async function mended(text: string | Buffer, sizes: readonly number[] = whole): Promise<Buffer> {
  return await read(mendedObjects(onLoan(inPieces(text, sizes))));
}

const trigger = (end: string) =>
  `DELIMITER ;;\n/*!50003 CREATE*/ /*!50017 DEFINER=\`r\`@\`%\`*/ /*!50003 TRIGGER \`t\` BEFORE INSERT ON \`a\` FOR EACH ROW BEGIN\n  SET NEW.b = 'é; */';\nEND${end}\nDELIMITER ;\n`;
const event = (end: string) =>
  `DELIMITER ;;\n/*!50106 CREATE*/ /*!50117 DEFINER=\`r\`@\`%\`*/ /*!50106 EVENT \`e\` ON SCHEDULE EVERY 1 DAY DO SET @a = ';'${end}\nDELIMITER ;\n`;
const procedure =
  'DELIMITER ;;\nCREATE DEFINER=`r`@`%` PROCEDURE `p`()\nBEGIN\n  SELECT 1;\n  /* a; */;;\nEND ;;\nDELIMITER ;\n';

describe('a surplus semicolon is left out', () => {
  test.each([
    ['of a trigger, on its last line', trigger('; */;;'), trigger(' */;;')],
    ['of a trigger, without a space', trigger(';*/;;'), trigger('*/;;')],
    ['of a trigger, on the line before', trigger(';\n*/;;'), trigger('\n*/;;')],
    ['of an event, on its last line', event('; */ ;;'), event(' */ ;;')],
    ['of an event, on the line before', event(';\r\n*/ ;;'), event('\r\n*/ ;;')],
    [
      'of each of several',
      trigger('; */;;') + procedure + trigger(';\n*/;;') + event('; */ ;;'),
      trigger(' */;;') + procedure + trigger('\n*/;;') + event(' */ ;;'),
    ],
  ])('%s', async (_, text, wanted) => {
    expect((await mended(text)).toString()).toBe(wanted);
  });
});

describe('nothing else is changed', () => {
  test.each([
    ['a trigger that has none', trigger(' */;;')],
    ['an event that has none', event(' */ ;;')],
    ['a procedure', procedure],
    ['a setting', '/*!50003 SET sql_mode = `;` */ ;\n'],
    ['an unfinished trigger', trigger('; */;;').slice(0, 60)],
    ['a table before a trigger', `CREATE TABLE \`a\` (b int); */;;\n${trigger(' */;;')}`],
    ['nothing', ''],
  ])('%s', async (_, text) => {
    expect((await mended(text)).toString()).toBe(text);
  });

  test('text without such a statement passes byte for byte', async () => {
    const line = fc.oneof(
      fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
      fc
        .array(fc.constantFrom(';', ';;', '*/', ' ', '\n', '/*!50003 SET', '/*!50106', 'é', 'END'))
        .map((words) => Buffer.from(words.join(''))),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line), pieceSizes, async (lines, sizes) => {
        const text = Buffer.concat(lines.flatMap((bytes) => [bytes, Buffer.from('\n')]));
        fc.pre(!/^\/\*!(50003|50106) CREATE/m.test(text.toString('latin1')));
        expect((await mended(text, sizes)).equals(text)).toBe(true);
      }),
    );
  });
});

test('any chunking gives the same text', async () => {
  const block = fc.constantFrom(
    procedure,
    ...['; */;;', ';\n*/;;', ' */;;'].map(trigger),
    ...['; */ ;;', ' */ ;;'].map(event),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(block, { maxLength: 5 }), pieceSizes, async (blocks, sizes) => {
      const text = blocks.join('');
      const wanted = text.replaceAll(/;(?=\s*\*\/ ?;;\nDELIMITER)/g, '');
      expect((await mended(text, sizes)).toString()).toBe(wanted);
    }),
  );
});
