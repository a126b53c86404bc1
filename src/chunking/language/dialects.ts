import { head } from '../classify.js';
import { languageOfModeline } from './modeline.js';

// Extensions that several languages use: the content decides. A rule is evidence that only its language has; the first whose
// evidence is there wins, and what the path says stays when none has.

interface Dialect {
  readonly language: string;
  readonly evidence: RegExp;
  /** Whether comments and strings are part of the evidence. */
  readonly raw?: boolean;
}

const xml: Dialect = {
  language: 'xml',
  evidence: /^\uFEFF?(?:\xef\xbb\xbf)?\s*(?:<\?xml\b|<!DOCTYPE\b|<TS\b)/,
  raw: true,
};
const php: Dialect = { language: 'php', evidence: /<\?(?:php|hh|=)/, raw: true };

/** Nothing of this is in a header of C, once what only C++ compilers see is left out. */
const cpp: Dialect = {
  language: 'cpp',
  evidence: new RegExp(
    [
      String.raw`^[ \t]*(?:inline[ \t]+|export[ \t]+)?namespace(?:[ \t]+[\w:]+(?:[ \t]+[\w:()"]+)*)?[ \t]*(?:\{|$)`,
      String.raw`^[ \t]*namespace[ \t]+\w+[ \t]*=`,
      String.raw`^[ \t]*(?:extern[ \t]+)?template[ \t]*<`,
      String.raw`^[ \t]*(?:friend[ \t]+|enum[ \t]+)?class[ \t]+\w`,
      String.raw`^[ \t]*using[ \t]+[\w:]+`,
      String.raw`^[ \t]*(?:public|private|protected|signals|Q_SIGNALS)(?:[ \t]+(?:slots|Q_SLOTS))?[ \t]*:(?!:)`,
      String.raw`^[ \t]*(?:Q_OBJECT|Q_GADGET|UCLASS|USTRUCT|UENUM|UINTERFACE|GENERATED_BODY|GENERATED_UCLASS_BODY)\b`,
      String.raw`^[ \t]*#[ \t]*include[ \t]*<\w+>`,
      String.raw`^[ \t]*(?:virtual|explicit|friend|typename)[ \t]+[\w:~]`,
      String.raw`\w(?:<[^<>;]{0,200}>)?::[\w~*]`,
      String.raw`\b(?:static|dynamic|reinterpret|const)_cast[ \t]*<`,
      String.raw`\boperator[ \t]*(?:[-+*/%^&|~!=<>]{1,3}|\(\)|\[\]|new|delete|bool)[ \t]*\(`,
      String.raw`[)\w>][ \t]*=[ \t]*(?:delete|default)[ \t]*;`,
      String.raw`\)[ \t]*(?:const[ \t]*)?(?:noexcept|override|final)\b`,
      String.raw`\bconst[ \t]+\w+[ \t]*&[ \t]*\w*[ \t]*[,)=]`,
      String.raw`\bstruct[ \t]+\w+(?:[ \t]+\w+)?[ \t]*:[ \t]*(?:public|private|protected|virtual)\b`,
      String.raw`\bstruct[ \t]+(\w+)\s*\{[^}]*(?:[\s~])\1[ \t]*\(`,
      String.raw`\b(?:constexpr|decltype|constinit|consteval)\b[ \t(]*\w`,
    ].join('|'),
    'm',
  ),
};

const objc: Dialect = {
  language: 'objc',
  evidence: /^[ \t]*@(?:interface|protocol|implementation|class|end|import)\b/m,
};
const objcHints: Dialect = {
  language: 'objc',
  evidence:
    /^[ \t]*#[ \t]*import\b|\bNS_(?:ENUM|OPTIONS|CLOSED_ENUM|ASSUME_NONNULL_BEGIN|TYPED_ENUM)\b|\bNS(?:String|Integer|UInteger|Object|Array|Dictionary|Notification\w*|ErrorDomain)\b/m,
};

const perl: Dialect = {
  language: 'perl',
  evidence:
    /^#!.*\bperl|^\s*use\s+(?:strict|warnings|utf8|v?5|lib)\b|^\s*(?:my|our|local)\s*[$@%(]|^\s*sub\s+\w|^\s*package\s+[\w:]+\s*[;{]|\brequire\s+["'\w]/m,
  raw: true,
};

/** By extension; each list in the order of its evidence's strength. */
const dialects: Readonly<Record<string, readonly Dialect[]>> = {
  h: [objc, cpp, objcHints],
  hh: [{ language: 'php', evidence: /^<\?hh\b/, raw: true }],
  m: [
    { language: 'mercury', evidence: /^:-\s*(?:module|interface|implementation|import_module)\b/m },
    objc,
    { language: 'objc', evidence: /^[ \t]*#[ \t]*(?:import|include|define|pragma|if)\b|^[-+][ \t]*\(/m },
    { language: 'matlab', evidence: /^\s*(?:function\b|classdef\b|%|end\s*$|(?:clear|close|clc|disp|fprintf|figure|addpath)\b)|^\s*[\w.]+(?:\([^)]*\))?\s*=\s*[^=].*;?\s*(?:%|$)/m, raw: true },
  ],
  pl: [
    perl,
    { language: 'prolog', evidence: /^\s*:-\s*\w|^[a-z]\w*(?:\([^\n]*\))?\s*(?::-|-->)|^[a-z]\w*\([^\n]*\)\.\s*$/m, raw: true },
  ],
  pm: [perl, { language: 'raku', evidence: /^\s*(?:use\s+v6|unit\s+(?:class|module|role)|(?:my\s+)?(?:class|role|grammar|module)\s+\w)/m, raw: true }],
  t: [perl, { language: 'raku', evidence: /^\s*use\s+v6|^#!.*\braku/m, raw: true }],
  ts: [xml],
  tsx: [xml],
  mts: [xml],
  v: [
    { language: 'verilog', evidence: /^\s*(?:endmodule|`(?:timescale|include|define|ifdef|default_nettype))\b|^\s*module\s+\w+\s*(?:#\s*)?[(;]/m },
    { language: 'coq', evidence: /^\s*(?:(?:From\s+[\w.]+\s+)?Require\b|(?:Theorem|Lemma|Definition|Inductive|Fixpoint|Corollary|Axiom|Notation|Ltac|Instance|Record)\s|Proof\.|Qed\.|Section\s+\w+\.)/m, raw: true },
    { language: 'vlang', evidence: /^(?:pub\s+)?(?:fn|struct|enum|interface|const|type)\s+[\w(]|^(?:import|module)\s+[\w.]+\s*$/m },
  ],
  cls: [
    { language: 'latex', evidence: /\\(?:ProvidesClass|NeedsTeXFormat|LoadClass|documentclass|def|newcommand|RequirePackage)\b/ },
    { language: 'vb', evidence: /^VERSION\s+[\d.]+\s+CLASS|^Attribute\s+VB_|^\s*(?:Public|Private|Friend)\s+(?:Sub|Function|Property)\b|^Option\s+Explicit/im },
    { language: 'apex', evidence: /^\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:(?:public|private|global|virtual|abstract|with(?:out)?\s+sharing|inherited\s+sharing)\s+)+(?:class|interface|enum)\b/im },
  ],
  r: [{ language: 'text', evidence: /^\s*rebol\s*\[/im }],
  d: [
    { language: 'make', evidence: /^[^\s:#]+\.(?:o|obj|lo|d)\b[^:\n]*:(?!:)/m },
    { language: 'dtrace', evidence: /^#!.*\bdtrace|^\s*(?:\w*:\w*:[\w*]*:[\w*]*\s*$|(?:dtrace|syscall|profile|pid\$target|io|proc|sched)\w*:|BEGIN\s*$|END\s*$|#pragma\s+D\s)/m, raw: true },
  ],
  f: [{ language: 'forth', evidence: /^\s*(?::\s+\S+\s|\\\s|(?:variable|constant|create)\s+\S+\s*$|\(\s+--)/im }],
  for: [{ language: 'forth', evidence: /^\s*(?::\s+\S+\s|\\\s)/m }],
  fs: [
    { language: 'forth', evidence: /^\s*:\s+\S+\s(?:.*\s;|\s*\()|^\\\s/m },
    { language: 'glsl', evidence: /^\s*(?:#version\s+\d|precision\s+(?:low|medium|high)p|(?:uniform|varying|attribute)\s+\w|void\s+main\s*\()/m },
  ],
  cl: [{ language: 'c', evidence: /\b(?:__kernel|__global|__local|__constant|get_global_id)\b|^kernel\s+void\b/m }],
  ml: [{ language: 'sml', evidence: /^\s*(?:structure\s+\w+\s*(?::>?\s*\w+\s*)?=\s*struct|signature\s+\w+\s*=\s*sig|fun\s+\w+|datatype\s|val\s+\w+\s*=\s*fn\b)/m }],
  mod: [
    { language: 'gomod', evidence: /^(?:module\s+\S+\s*(?:\/\/.*)?$|go\s+\d|require\b)/m },
    xml,
    { language: 'text', evidence: /^/ },
  ],
  md: [{ language: 'lisp', evidence: /^\(define_(?:insn|expand|attr|split|mode_iterator|constants)\b/m }],
  rs: [{ language: 'c', evidence: /^#pragma\s+(?:version\s*\(|rs\s)/m }, xml],
  cs: [{ language: 'text', evidence: /^!\w[\w ]*methodsFor:/m }],
  inc: [
    php,
    { language: 'bitbake', evidence: /^(?:inherit\s+\w|(?:SRC_URI|DEPENDS|PN|PV|LICENSE|SUMMARY|RDEPENDS)\b\S*\s*[?+:.]*=|do_\w+(?:[:_]\w+)*\s*\(\)\s*\{)/m },
    objc,
    cpp,
    { language: 'pascal', evidence: /\{\$(?:IFDEF|DEFINE|ENDIF|I|MODE|INCLUDE)\b|^\s*(?:procedure|function)\s+\w+(?:\.\w+)?\s*[(;:]/im, raw: true },
    { language: 'assembly', evidence: /^\s*(?:%(?:define|macro|include|ifdef|ifndef|assign)\b|\.(?:macro|equ|globl|section)\b|\w+\s+(?:equ|macro|struc)\b|(?:mov|push|pop|jmp|lea|vmov\w+)\s+\w+)/im },
    { language: 'sql', evidence: /^\s*(?:create\s+(?:table|function|view|procedure)|insert\s+into|let\s+\$\w+|--\s*(?:source|echo|disable_warnings))\b/im, raw: true },
    { language: 'make', evidence: /^(?:[\w.-]+\s*[:+?]?=|[\w./$()%-]+\s*:(?!=)|ifn?(?:eq|def)\b|include\s|-include\s|\.PHONY)/m },
    { language: 'c', evidence: /^[ \t]*#[ \t]*(?:include|define|if|ifdef|ifndef|undef|pragma)\b|^\s*(?:static|extern|struct|enum|typedef|const|int|void|char|unsigned)\s|^[A-Z_]\w*\(.*\)[;,]?\s*$|\{\s*[\w"'&].*\},?\s*$/m },
    { language: 'html', evidence: /^\s*<(?:!DOCTYPE|html|div|table|p|a|script|head|body)\b/im, raw: true },
  ],
  pp: [
    { language: 'puppet', evidence: /^\s*(?:class|define|node)\s+[\w:']+.*[({]|^\s*(?:include|require)\s+[\w:']+\s*$|=>/m },
    { language: 'pascal', evidence: /^\s*(?:unit|program|interface|implementation|uses|procedure|function|begin)\b/im },
  ],
  sc: [{ language: 'text', evidence: /^\s*(?:\(\s*$|SynthDef\s*\(|~\w+\s*=|s\.boot\b|\+?\s*\w+\s*:\s*\w+\s*\{\s*$)/m }],
  as: [
    { language: 'assembly', evidence: /^\s*(?:\.(?:section|text|globl|global|data)\b|[a-z]+\s+[%$]\w+)/m },
    { language: 'actionscript', evidence: /^\s*(?:package|import|(?:public|private|internal)\s+(?:class|function|interface))\b/m },
  ],
  bas: [{ language: 'vb', evidence: /^/ }],
}; // prettier-ignore

export const dialectsOfExtension: ReadonlySet<string> = new Set(Object.keys(dialects));

/** So much of a text is looked at: licences at the top of headers are long. */
const looked = 32 * 1024;

/** The language that a text with an ambiguous extension is in; `byPath` when nothing in it tells. */
export function dialectOf(extension: string, byPath: string, content: Uint8Array): string {
  const rules = dialects[extension] ?? [];
  const named = languageOfModeline(content);
  if (
    named !== undefined &&
    (named === byPath || (extension === 'h' && named === 'c') || rules.some(({ language }) => language === named))
  ) {
    return named;
  }
  const text = head(content, looked);
  let code: string | undefined;
  for (const { language, evidence, raw } of rules) {
    if (evidence.test(raw === true ? text : (code ??= codeOf(text)))) return language;
  }
  return byPath;
}

/** What only another compiler sees is no evidence: a header of C may have a part for C++. */
const otherCompilers =
  /^[ \t]*#[ \t]*if(?:def[ \t]+|[ \t]+defined[ \t]*\(?[ \t]*)(?:__cplusplus|__OBJC__)\b[\s\S]*?^[ \t]*#[ \t]*(?:endif|else|elif)\b/gm;
/** Attributes too: C has `[[gnu::packed]]` as well. */
const commentsAndStrings = /\/\*[\s\S]*?(?:\*\/|$(?![\s\S]))|\/\/.*|"(?:\\.|[^"\\\n])*"|\[\[[^\]\n]*\]\]/g;

const codeOf = (text: string): string =>
  text.replace(commentsAndStrings, (found) => (found.startsWith('"') ? '""' : ' ')).replace(otherCompilers, '');
