import type { SymbolKind } from '../../model/index.js';

/** A definition that one line tells; group 1 of the pattern, or the first that took part, is the name. */
export interface CodeRule {
  readonly pattern: RegExp;
  readonly kind: SymbolKind;
  /** Where it ends when indentation does not tell: at this line, or at the next such definition; `null`: at that alone. */
  readonly until?: RegExp | null;
}

const rule = (kind: SymbolKind, pattern: RegExp, until?: RegExp | null): CodeRule =>
  until === undefined ? { pattern, kind } : { pattern, kind, until };

const lispName = String.raw`(?:\^\S+\s+)*([^\s()[\]{}"']+)`;
const lisp = (kind: SymbolKind, words: string): CodeRule =>
  rule(kind, new RegExp(String.raw`^\s*\((?:[\w.-]+\/)?(?:${words})\s+\(?${lispName}`));

/** Languages of braces have much in common; the words before a name differ. */
const callable = String.raw`(?!(?:if|else|for|foreach|while|switch|catch|return|new|throw|do|using|lock|case|assert|synchronized)\b)`;

/** What is defined in languages that have no grammar here, by the way one line of it looks. */
export const codeRules: Readonly<Record<string, readonly CodeRule[]>> = {
  perl: [
    rule('module', /^\s*(?:package|class|role)\s+([\w:]+)/, null),
    rule('method', /^\s*method\s+(\w+)/),
    rule('function', /^\s*(?:my\s+|our\s+|state\s+|async\s+)?(?:sub|fun|func)\s+(?:[\w:]+::)?(\w+)/),
    rule('constant', /^\s*use\s+constant\s+(?:\{\s*)?([A-Za-z_]\w*)/),
    rule('property', /^\s*has\s+(?:\[?\s*(?:qw\s*[([/{]\s*)?)?['"]?\+?(\w+)/),
    rule('variable', /^our\s+\(?\s*[$@%](\w+)/),
  ],
  raku: [
    rule('class', /^\s*(?:unit\s+|my\s+|our\s+)?(?:class|grammar)\s+([\w:-]+)/), rule('trait', /^\s*(?:unit\s+|my\s+)?role\s+([\w:-]+)/),
    rule('module', /^\s*(?:unit\s+)?(?:module|package)\s+([\w:-]+)/),
    rule('function', /^\s*(?:(?:my|our|proto|multi|only)\s+)*sub\s+([\w'-]+)/), rule('method', /^\s*(?:(?:proto|multi|only)\s+)*(?:method|submethod)\s+[!^]?([\w'-]+)/),
    rule('rule', /^\s*(?:token|rule|regex)\s+([\w:'-]+)/), rule('property', /^\s*has\s+(?:[\w:]+\s+)?[$@%&][.!]?([\w'-]+)/),
  ],
  r: [
    rule('class', /^\s*(?:[\w.]+\s*(?:<-|=)\s*)?(?:R6::)?(?:setClass|setRefClass|R6Class)\(\s*["']([\w.]+)/),
    rule('function', /^\s*set(?:Generic|Method|Validity)\(\s*["']([^"']+)/),
    rule('function', /^\s*["'`]?([\w.%+<>&|!=\-*/^$:[\]]+?)["'`]?\s*(?:<-|<<-|=)\s*(?:function\b|\\\()/),
    rule('function', /^["'`]?([\w.]+)["'`]?\s*(?:<-|<<-)\s*$/),
    rule('variable', /^([A-Za-z.][\w.]*)\s*(?:<-|<<-)\s*\S/),
  ],
  julia: [
    rule('module', /^\s*(?:bare)?module\s+(\w+)/, null), rule('struct', /^\s*(?:@\w+\s+)*(?:mutable\s+)?struct\s+(\w+)/),
    rule('type', /^\s*(?:abstract|primitive)\s+type\s+(\w+)/), rule('enum', /^\s*@enum\s+(\w+)/),
    rule('macro', /^\s*macro\s+([\w!]+)/), rule('constant', /^\s*(?:global\s+)?const\s+([\p{ID_Continue}!]+)/u),
    rule('function', /^\s*(?:@[\w.]+\s+)*function\s+(?:[\w.]+\.)?:?\(?([\p{ID_Continue}!]+|[^\s\w(){};,."']+)\)?\s*(?:\{[^}]*\})?\s*\(/u),
    rule('function', /^\s*function\s+([\p{ID_Continue}!]+)\s*end\b/u),
    rule('function', /^\s*(?:@[\w.]+\s+)*(?:[\w.]+\.)?:?\(?((?!if\b|while\b|for\b|return\b)[\p{L}_][\p{ID_Continue}!]*|[-+*/^<>=!~%&|\\]+)\)?(?:\{[^}]*\})?\((?:[^()]|\([^()]*\))*\)(?:::[^=]+?)?(?:\s+where\s+.+?)?\s*=(?![=>])/u),
  ],
  ocaml: [
    rule('module', /^\s*(?:module|and)\s+(?:rec\s+|type\s+)?([A-Z]\w*)/), rule('type', /^\s*(?:type|and)\s+(?:nonrec\s+)?(?:(?:\([^)]*\)|[+-]?'\w+)\s+)?([a-z_]\w*)\s*(?:=|:|$|\+=|constraint\b)(?!.*\bfun\b)/),
    rule('type', /^\s*type\s+(?:nonrec\s+)?(?:(?:\([^)]*\)|[+-]?'\w+)\s+)?([a-z_]\w*)/), rule('class', /^\s*exception\s+([A-Z]\w*)/),
    rule('class', /^\s*class\s+(?:type\s+|virtual\s+|\[[^\]]*\]\s*)*([a-z_]\w*)/), rule('method', /^\s*method!?\s+(?:private\s+|virtual\s+)*([a-z_]\w*)/),
    rule('function', /^\s*(?:val|external)!?\s+(?:mutable\s+|virtual\s+)*(?:\(\s*([^\s\w()]+)\s*\)|([a-z_]\w*))/),
    rule('function', /^\s*(?:let(?:%\w+)?|and)\s+(?:rec\s+|inline\s+)*(?:\(\s*([^\s\w()]+)\s*\)|([a-z_][\w']*))\s+(?=[a-z_(~?{])(?![^=]*\bin\b)/),
    rule('function', /^\s*(?:let|and)\s+(?:rec\s+)?([a-z_][\w']*)\s*(?::[^=]*)?=\s*(?:function|fun)\b/), rule('variable', /^\s*(?:let|and)\s+(?:rec\s+)?([a-z][\w']*)\s*(?::[^=]*)?=/),
    rule('constant', /^\s*\|?\s*([A-Z]\w*)\s+of\s/),
  ],
  sml: [
    rule('module', /^\s*(?:structure|functor)\s+(\w+)/), rule('interface', /^\s*signature\s+(\w+)/), rule('function', /^\s*(?:fun|and)\s+(?:'\w+\s+)?([\w']+)/),
    rule('type', /^\s*(?:datatype|type|eqtype|abstype)\s+(?:(?:\([^)]*\)|'\w+)\s+)?(\w+)/), rule('class', /^\s*exception\s+(\w+)/), rule('variable', /^\s*val\s+([\w']+)/),
  ],
  erlang: [
    rule('module', /^-\s*module\(\s*'?([\w.@]+)/, null), rule('struct', /^-\s*record\(\s*'?([\w@]+)/), rule('macro', /^-\s*define\(\s*'?([\w@]+)/),
    rule('type', /^-\s*(?:type|opaque|nominal)\s*\(?\s*'?([a-z][\w@]*)/), rule('function', /^-\s*callback\s*\(?\s*'?([a-z][\w@]*)/),
    rule('function', /^([a-z][\w@]*|'[^'\n]+')\s*\(/),
  ],
  clojure: [
    lisp('namespace', 'ns|in-ns'), lisp('macro', 'defmacro'), lisp('function', 'defn-?|defmulti|defmethod|defn\\+|defgeneric'), lisp('interface', 'defprotocol|definterface'),
    lisp('class', 'defrecord|deftype'), lisp('test', 'deftest'), lisp('variable', 'def|defonce|defstate|defparameter|declare|s\\/def|defspec'),
  ],
  lisp: [
    lisp('macro', 'cl-defmacro|defmacro|define-macro|defsubst|define-inline'), lisp('function', 'cl-defun|defun|cl-defgeneric|cl-defmethod|defmethod|defgeneric|defalias|defadvice|define-minor-mode|define-derived-mode'),
    lisp('class', 'defclass|cl-defstruct|defstruct|deftype|define-condition'), lisp('module', 'defpackage|provide'), lisp('variable', 'defvar|defvar-local|defparameter|defconst|defconstant|defcustom|defface|defgroup'),
    lisp('rule', 'define_(?:insn|expand|split|peephole2?)'),
  ],
  scheme: [
    lisp('macro', 'define-syntax(?:-rule)?|define-macro'), lisp('struct', 'define-record-type|struct|define-struct'), lisp('class', 'define-class'), lisp('module', 'module|define-library|define-module|library'),
    rule('function', /^\s*\(define(?:\/\w+|-\w+)?\s+\(+([^\s()[\]{}"']+)/), rule('function', /^\s*\(define(?:\/\w+)?\s+([^\s()[\]{}"']+)\s*\((?:lambda|λ|case-lambda)\b/), lisp('variable', 'define(?:\\/\\w+)?'),
  ],
  groovy: [
    rule('class', /^\s*(?:(?:public|private|protected|static|final|abstract|@\w+(?:\([^)]*\))?)\s+)*class\s+(\w+)/), rule('interface', /^\s*(?:public\s+|private\s+)?@?interface\s+(\w+)/),
    rule('trait', /^\s*(?:public\s+)?trait\s+(\w+)/), rule('enum', /^\s*(?:public\s+|private\s+|static\s+)*enum\s+(\w+)/), rule('test', /^\s*(?:def|void)\s+(["'].*["'])\s*\(/),
    rule('function', new RegExp(String.raw`^\s*${callable}(?:@\w+\s+)*(?:[A-Za-z][\w.]*(?:<[^()<>]*(?:<[^()<>]*>[^()<>]*)*>)?(?:\[\])*\s+)+(\w+)\s*\([^()]*(?:\([^()]*\)[^()]*)*\)\s*(?:throws\s+[\w.,\s]+)?\{?\s*$`)),
    rule('function', /^\s*(?:def|final|static|Closure)\s+(?:def\s+)?(\w+)\s*=\s*\{/), rule('function', /^\s*task\s+['"]?(\w+)/), rule('function', /^\s*tasks\.(?:register|create|named)\(?\s*['"](\w+)/),
  ],
  powershell: [
    rule('function', /^\s*(?:function|filter|workflow|configuration)\s+(?:(?:global|script|private|local):)?([\w-]+)/i), rule('class', /^\s*class\s+(\w+)/i), rule('enum', /^\s*enum\s+(\w+)/i),
    rule('method', /^\s+(?:(?:hidden|static)\s+)*\[[\w.[\],\s]+\]\s*(\w+)\s*\(/i), rule('property', /^\s+(?:(?:hidden|static)\s+)*\[[\w.[\],\s]+\]\s*\$(\w+)\s*(?:;|=|$)/i), rule('test', /^\s*(?:Describe|Context|It)\s+(?:-Name\s+)?(['"].*?['"])/i),
  ],
  solidity: [
    rule('class', /^\s*(?:abstract\s+)?contract\s+(\w+)/), rule('interface', /^\s*interface\s+(\w+)/), rule('module', /^\s*library\s+(\w+)/), rule('struct', /^\s*struct\s+(\w+)/), rule('enum', /^\s*enum\s+(\w+)/),
    rule('type', /^\s*(?:event|error|type)\s+(\w+)/), rule('function', /^\s*(?:function|modifier)\s+(\w+)/), rule('constructor', /^\s*(constructor)\s*\(/), rule('method', /^\s*(receive|fallback)\s*\(/),
    rule('field', /^\s*(?:mapping\s*\(.*\)|[\w.]+(?:\[\w*\])*)\s+(?:(?:public|private|internal|constant|immutable|transient|override)\s+)+(\w+)\s*(?:=|;)/), rule('field', /^\s*(?:mapping\s*\(.*\)|u?int\d*|address|bool|bytes\d*|string)(?:\[\w*\])*\s+(\w+)\s*(?:=|;)/),
  ],
  terraform: [
    rule('struct', /^\s*(?:resource|data|source|ephemeral|check|action)\s+"?[\w-]+"?\s+"?([\w.-]+)"?\s*\{/), rule('module', /^module\s+"?([\w.-]+)/), rule('variable', /^(?:variable|output|provider|target|function|group|run)\s+"?([\w.-]+)"?\s*\{/),
    rule('section', /^\s*(?:job|group|task|service|policy|path|build)\s+"([^"]+)"/), rule('constant', /^ {2}(\w+)\s*=(?!=)/),
  ],
  objc: [
    rule('class', /^\s*@(?:interface|implementation)\s+(\w+)/, /^\s*@end\b/), rule('interface', /^\s*@protocol\s+(\w+)(?!.*;\s*$)/, /^\s*@end\b/),
    rule('property', /^\s*@property\b.*\(\s*\^\s*(?:_\w+\s+)?(\w+)\s*\)/), rule('property', /^\s*@property\b[^;]*?(\w+)\s*(?:[A-Z_]{4,}\b(?:\((?:[^()]|\([^()]*\))*\))?\s*)*;/), rule('macro', /^\s*#\s*define\s+(\w+)/),
    rule('enum', /\bNS_(?:ENUM|OPTIONS|CLOSED_ENUM|ERROR_ENUM)\s*\(\s*\w+\s*,\s*(\w+)/), rule('enum', /^\s*(?:typedef\s+)?enum\s+(\w+)\s*(?::\s*\w+\s*)?\{/), rule('struct', /^\s*(?:typedef\s+)?(?:struct|union)\s+(\w+)\s*\{/),
    rule('type', /^\s*typedef\b.*\(\s*[\^*]\s*(\w+)\s*\)/), rule('type', /^\s*typedef\b[^({]*?(\w+)\s*(?:[A-Z_]{4,}(?:\(.*\))?\s*)?;/), rule('type', /^\}\s*(\w+)\s*;/),
    rule('class', /^class\s+(?:[A-Z_]+\s+)?(\w+)[^;]*$/), rule('namespace', /^namespace\s+([\w:]+)/),
    rule('function', new RegExp(String.raw`^${callable}(?:[\w:<>]+[\s*&]+)+(?:\w+::)?(\w+)\s*\([^;]*$`)), rule('constant', /^(?:extern|static|const|FOUNDATION_EXPORT|FOUNDATION_EXTERN|UIKIT_EXTERN|[A-Z]+_(?:EXPORT|EXTERN))\b[^({;=]*?\b(\w+)\s*(?:\[\w*\]\s*)?(?:=|;)/),
  ],
  matlab: [rule('class', /^\s*classdef\s+(?:\([^)]*\)\s*)?(\w+)/), rule('function', /^\s*function\s+(?:(?:\[[^\]]*\]|\w+)\s*=\s*)?(?:[\w.]+\.)?(\w+)/)],
  fish: [rule('function', /^\s*function\s+([^\s;]+)/), rule('variable', /^\s*set\s+(?:-(?=\w*[gUx])\w+\s+|--(?:global|universal|export)\s+)+(\w+)/)],
  vim: [rule('function', /^\s*(?:export\s+)?(?:fu|fun|func|function|def)!?\s+(?:[sgbwtla]:)?([\w#.:]+)\s*\(/), rule('function', /^\s*com(?:m(?:a(?:nd?)?)?)?!?\s+(?:-\S+\s+)*([A-Z]\w*)/), rule('variable', /^\s*let\s+([gs]:\w+)\s*=/), rule('section', /^\s*aug(?:roup)?\s+(?!END)(\w+)/i)],
  fortran: [
    rule('module', /^\s*(?:sub)?module\s+(?!procedure\b|function\b|subroutine\b)(?:\([^)]*\)\s*)?(\w+)/i), rule('module', /^\s*program\s+(\w+)/i), rule('struct', /^\s*type\s*(?:,[^:]*)?(?:::\s*|\s+)(?!is\b)(\w+)\s*$/i), rule('interface', /^\s*(?:abstract\s+)?interface\s+(?:operator\s*\(|assignment\s*\()?(\w+)/i),
    rule('function', /^\s*(?:(?:pure|elemental|impure|recursive|module|integer|real|logical|character|complex|double\s+precision|type|class)(?:\s*\([^)]*\)|\*\d+)?\s+)*(?:function|subroutine)\s+(\w+)/i),
  ],
  ada: [rule('module', /^\s*(?:private\s+)?package\s+(?:body\s+)?([\w.]+)/i), rule('function', /^\s*(?:(?:not\s+)?overriding\s+)?(?:procedure|function|entry)\s+(\w+|"[^"]+")/i), rule('class', /^\s*(?:task|protected)\s+(?:body\s+|type\s+)?(\w+)/i), rule('type', /^\s*(?:sub)?type\s+(\w+)/i)],
  pascal: [rule('module', /^\s*(?:unit|program|library|package)\s+([\w.]+)\s*;/i), rule('class', /^\s*(\w+)(?:<[^>]*>)?\s*=\s*(?:packed\s+)?(?:class|object)\b(?!\s*of\b|.*;\s*$)/i), rule('interface', /^\s*(\w+)\s*=\s*interface\b/i), rule('struct', /^\s*(\w+)\s*=\s*(?:packed\s+)?record\b/i), rule('constructor', /^\s*(?:constructor|destructor)\s+(?:\w+\.)?(\w+)/i), rule('function', /^\s*(?:class\s+)?(?:procedure|function|operator)\s+(?:[\w<>]+\.)*(\w+)/i), rule('property', /^\s*property\s+(\w+)/i)],
  verilog: [rule('module', /^\s*(?:macromodule|module|package|program)\s+(?:automatic\s+|static\s+)?(\w+)/, /^\s*end(?:module|package|program)\b/), rule('interface', /^\s*interface\s+(?!class\b)(\w+)/), rule('class', /^\s*(?:virtual\s+)?(?:interface\s+)?class\s+(\w+)/), rule('function', /^\s*(?:(?:virtual|static|local|protected|extern|pure)\s+)*(?:function|task)\s+(?:automatic\s+|static\s+)?(?:(?:void|bit|logic|int|integer|reg|real|string|\w+)\s*(?:\[[^\]]*\]\s*)*)?(?:\w+::)?\b(\w+)\s*[(;]/), rule('macro', /^\s*`define\s+(\w+)/), rule('constant', /^\s*(?:localparam|parameter)\s+(?:\w+\s+)?(?:\[[^\]]*\]\s*)?(\w+)\s*=/), rule('type', /^\s*\}\s*(\w+)\s*;/)],
  vhdl: [rule('class', /^\s*entity\s+(\w+)\s+is/i), rule('impl', /^\s*architecture\s+(\w+)/i), rule('module', /^\s*package\s+(?:body\s+)?(\w+)/i), rule('interface', /^\s*component\s+(\w+)/i), rule('function', /^\s*(?:(?:pure|impure)\s+)?(?:function|procedure)\s+(\w+)/i), rule('type', /^\s*(?:sub)?type\s+(\w+)/i)],
  d: [rule('module', /^\s*module\s+([\w.]+)/, null), rule('class', /^\s*(?:\w+\s+)*(?:class|template|mixin\s+template)\s+(\w+)/), rule('struct', /^\s*(?:\w+\s+)*(?:struct|union)\s+(\w+)/), rule('interface', /^\s*(?:\w+\s+)*interface\s+(\w+)/), rule('enum', /^\s*(?:\w+\s+)*enum\s+(\w+)\s*(?::[^{]*)?(?:\{|$)/), rule('type', /^\s*alias\s+(\w+)/), rule('function', new RegExp(String.raw`^\s*${callable}(?:[\w!.*@]+(?:\([^()]*\))?(?:\[[^\]]*\])?\s+)+(\w+)\s*\([^;]*(?:\{|\)|,)\s*$`))],
  nim: [rule('function', /^\s*(?:proc|func|iterator|converter)\s+(\w+|`[^`]+`)/), rule('method', /^\s*method\s+(\w+|`[^`]+`)/), rule('macro', /^\s*(?:macro|template)\s+(\w+|`[^`]+`)/), rule('type', /^\s*(?:type\s+)?(\w+)\*?(?:\[[^\]]*\])?\s*(?:\{\.[^}]*\.\})?\s*=\s*(?:ref\s+|ptr\s+)?(?:object|enum|distinct|concept|tuple)\b/)],
  crystal: [rule('class', /^\s*(?:private\s+)?(?:abstract\s+)?class\s+([\w:]+)/), rule('struct', /^\s*(?:private\s+)?(?:abstract\s+)?(?:struct|annotation|union)\s+([\w:]+)/), rule('module', /^\s*(?:module|lib)\s+([\w:]+)/), rule('enum', /^\s*enum\s+([\w:]+)/), rule('method', /^\s*(?:private\s+|protected\s+|abstract\s+)*(?:def|fun)\s+(?:self\.)?([\w]+[?!=]?|\[\]=?\??|[^\s\w(]+)/), rule('macro', /^\s*(?:private\s+)?macro\s+(\w+)/), rule('type', /^\s*alias\s+(\w+)/), rule('constant', /^\s*([A-Z]\w*)\s*=(?![=~])/)],
  fsharp: [rule('module', /^\s*(?:module|namespace)\s+(?:rec\s+|internal\s+|private\s+)*([\w.]+)/), rule('type', /^\s*(?:type|and)\s+(?:internal\s+|private\s+|public\s+)*([A-Z]\w*)/), rule('class', /^\s*exception\s+(\w+)/), rule('method', /^\s*(?:static\s+)?(?:member|override|abstract|default)\s+(?:val\s+|inline\s+|private\s+)*(?:\w+\.)?(\w+|``[^`]+``)/), rule('function', /^\s*(?:let|and)\s+(?:(?:rec|inline|private|internal|mutable)\s+)*(?:\(\s*([^\s\w()]+)\s*\)|([a-z_]\w*))(?:<[^>]*>)?\s+(?=[\w(])(?!=)/), rule('variable', /^\s*let\s+(?:(?:private|internal|mutable)\s+)*(\w+)\s*(?::[^=]*)?=/)],
  elm: [rule('module', /^(?:port\s+|effect\s+)?module\s+([\w.]+)/), rule('type', /^type\s+(?:alias\s+)?([A-Z]\w*)/), rule('function', /^(?:port\s+)?([a-z_]\w*)\s*:(?!:)/), rule('function', /^([a-z_]\w*)(?:\s+[\w({_"[][^=]*)?\s*=(?!=)/)],
  thrift: [rule('struct', /^\s*(?:struct|union)\s+(\w+)/), rule('class', /^\s*exception\s+(\w+)/), rule('interface', /^\s*service\s+(\w+)/), rule('enum', /^\s*enum\s+(\w+)/), rule('type', /^\s*typedef\s+.*?(\w+)\s*;?\s*$/), rule('constant', /^\s*const\s+\S+\s+(\w+)/), rule('method', /^\s+(?:oneway\s+)?[\w.<>,\s]+\s+(\w+)\s*\(/)],
  awk: [rule('function', /^\s*func(?:tion)?\s+(\w+)/)],
  batch: [rule('function', /^\s*:([A-Za-z_][\w.-]*)\s*$/, null)],
  starlark: [rule('function', /^\s*def\s+(\w+)/), rule('variable', /^([A-Za-z_]\w*)\s*=(?!=)/)],
  tcl: [rule('function', /^\s*proc\s+(?:::)?([\w:]+)/), rule('method', /^\s*(?:public\s+|private\s+|protected\s+)?method\s+(\w+)/), rule('class', /^\s*(?:oo::class\s+create|itcl::class|class)\s+([\w:]+)/), rule('namespace', /^\s*namespace\s+eval\s+([\w:]+)/)],
  vb: [rule('class', /^\s*(?:(?:public|private|friend|protected|partial|mustinherit|notinheritable|shared)\s+)*class\s+(\w+)/i), rule('module', /^\s*(?:public\s+|friend\s+)?(?:module|namespace)\s+([\w.]+)/i), rule('struct', /^\s*(?:(?:public|private|friend)\s+)?(?:structure|type)\s+(\w+)/i), rule('interface', /^\s*(?:public\s+|friend\s+)?interface\s+(\w+)/i), rule('enum', /^\s*(?:public\s+|private\s+|friend\s+)?enum\s+(\w+)/i), rule('function', /^\s*(?:(?:public|private|friend|protected|shared|static|overrides|overridable|overloads|async|mustoverride|default|readonly|iterator|declare)\s+)*(?:sub|function)\s+(\w+)/i), rule('property', /^\s*(?:(?:public|private|friend|protected|shared|overrides|default|readonly)\s+)*property\s+(?:(?:get|let|set)\s+)?(\w+)/i), rule('constant', /^\s*(?:(?:public|private|friend)\s+)?const\s+(\w+)/i)],
  gdscript: [rule('class', /^\s*class(?:_name)?\s+(\w+)/), rule('function', /^\s*(?:static\s+)?func\s+(\w+)/), rule('enum', /^\s*enum\s+(\w+)/), rule('type', /^\s*signal\s+(\w+)/), rule('constant', /^\s*const\s+(\w+)/), rule('variable', /^(?:@\w+(?:\([^)]*\))?\s+)*(?:static\s+)?var\s+(\w+)/)],
  prolog: [rule('module', /^\s*:-\s*module\(\s*'?(\w+)/), rule('function', /^([a-z]\w*|'[^'\n]+')(?=\s*\(|\s*(?::-|-->))/)],
  mercury: [rule('module', /^:-\s*module\s+([\w.]+)/, null), rule('function', /^\s*:-\s*(?:pred|func)\s+(\w+)/), rule('type', /^\s*:-\s*(?:type|inst|typeclass)\s+(\w+)/)],
  coq: [rule('module', /^\s*(?:Module(?:\s+Type)?|Section)\s+(\w+)/), rule('type', /^\s*(?:Inductive|CoInductive|Record|Structure|Class|Variant)\s+(\w+)/), rule('function', /^\s*(?:#\[[^\]]*\]\s*)*(?:(?:Local|Global|Program|Polymorphic)\s+)*(?:Definition|Fixpoint|CoFixpoint|Function|Theorem|Lemma|Corollary|Proposition|Fact|Remark|Example|Axiom|Parameter|Instance|Ltac|Let)\s+(\w[\w']*)/)],
  vlang: [rule('function', /^(?:pub\s+)?fn\s+(?:\([^)]*\)\s*)?(?:\w+\.)?(\w+)/), rule('struct', /^(?:pub\s+)?(?:struct|union)\s+(\w+)/), rule('interface', /^(?:pub\s+)?interface\s+(\w+)/), rule('enum', /^(?:pub\s+)?enum\s+(\w+)/), rule('type', /^(?:pub\s+)?type\s+(\w+)/), rule('constant', /^(?:pub\s+)?const\s+(\w+)/)],
  gleam: [rule('function', /^(?:pub\s+)?fn\s+(\w+)/), rule('type', /^(?:pub\s+)?(?:opaque\s+)?type\s+(\w+)/), rule('constant', /^(?:pub\s+)?const\s+(\w+)/)],
  odin: [rule('function', /^\s*(\w+)\s*::\s*(?:#\w+\s+)*proc\b/), rule('struct', /^\s*(\w+)\s*::\s*(?:struct|union|bit_field)\b/), rule('enum', /^\s*(\w+)\s*::\s*enum\b/), rule('constant', /^(\w+)\s*::\s*\S/)],
  haxe: [rule('class', /^\s*(?:(?:private|extern|final|abstract)\s+)*(?:class|abstract)\s+(\w+)/), rule('interface', /^\s*(?:private\s+)?interface\s+(\w+)/), rule('enum', /^\s*(?:private\s+)?enum\s+(?:abstract\s+)?(\w+)/), rule('type', /^\s*(?:private\s+)?typedef\s+(\w+)/), rule('function', /^\s*(?:@:?\w+(?:\([^)]*\))?\s+)*(?:(?:public|private|static|inline|override|macro|dynamic|extern|final)\s+)*function\s+(\w+)/)],
  actionscript: [rule('class', /^\s*(?:(?:public|internal|final|dynamic)\s+)*class\s+(\w+)/), rule('interface', /^\s*(?:public\s+|internal\s+)?interface\s+(\w+)/), rule('function', /^\s*(?:(?:public|private|protected|internal|static|override|final)\s+)*function\s+(?:get\s+|set\s+)?(\w+)/)],
  apex: [rule('class', /^\s*(?:@\w+(?:\([^)]*\))?\s*)*(?:(?:public|private|global|protected|virtual|abstract|static|with|without|inherited|sharing)\s+)*class\s+(\w+)/i), rule('interface', /^\s*(?:(?:public|private|global)\s+)*interface\s+(\w+)/i), rule('enum', /^\s*(?:(?:public|private|global)\s+)*enum\s+(\w+)/i), rule('method', /^\s*(?:@\w+\s+)*(?:(?:public|private|global|protected|static|virtual|override|abstract|testmethod|webservice)\s+)+(?:[\w.<>,[\]]+\s+)?(\w+)\s*\(/i)],
  qml: [rule('function', /^\s*function\s+(\w+)/), rule('property', /^\s*(?:default\s+|readonly\s+|required\s+)*property\s+[\w<>.]+\s+(\w+)/), rule('type', /^\s*signal\s+(\w+)/), rule('element', /^\s*id:\s*(\w+)/)],
  just: [rule('rule', /^@?([A-Za-z_][\w-]*)(?:\s+[^:=]*)?:(?!=)/), rule('variable', /^(?:export\s+)?([A-Za-z_][\w-]*)\s*:=/)],
  gherkin: [rule('section', /^\s*(?:Feature|Rule|Background)\s*:\s*(.+?)\s*$/), rule('test', /^\s*(?:Scenario(?: Outline| Template)?|Example)\s*:\s*(.+?)\s*$/)],
  puppet: [rule('class', /^\s*class\s+([\w:]+)/), rule('type', /^\s*(?:define|type)\s+([\w:]+)/), rule('function', /^\s*function\s+([\w:]+)/), rule('section', /^\s*node\s+['"]?([\w.-]+)/)],
  bitbake: [rule('function', /^\s*(?:python\s+|fakeroot\s+)*([\w:-]+)\s*\(\s*\)\s*\{/), rule('function', /^def\s+(\w+)/)],
  forth: [rule('function', /^\s*:\s+(\S+)/), rule('variable', /^\s*(?:variable|2variable|create|defer|value)\s+(\S+)/i), rule('constant', /^\s*\S+\s+constant\s+(\S+)/i)],
  glsl: [rule('struct', /^\s*struct\s+(\w+)/), rule('macro', /^\s*#\s*define\s+(\w+)/), rule('variable', /^\s*(?:layout\s*\([^)]*\)\s*)?(?:(?:flat|smooth|highp|mediump|lowp)\s+)*(?:uniform|in|out|varying|attribute)\s+(?:(?:highp|mediump|lowp)\s+)?\w+\s+(\w+)/), rule('function', new RegExp(String.raw`^${callable}(?:(?:highp|mediump|lowp)\s+)?\w+\s+(\w+)\s*\([^;]*$`))],
  hlsl: [rule('struct', /^\s*(?:struct|cbuffer|tbuffer|class)\s+(\w+)/), rule('macro', /^\s*#\s*define\s+(\w+)/), rule('function', new RegExp(String.raw`^${callable}(?:\w+\s+)*\w+\s+(\w+)\s*\([^;]*$`))],
  wgsl: [rule('struct', /^\s*struct\s+(\w+)/), rule('function', /^\s*(?:@\w+(?:\([^)]*\))?\s*)*fn\s+(\w+)/), rule('variable', /^\s*(?:@\w+(?:\([^)]*\))?\s*)*var(?:<[^>]*>)?\s+(\w+)/), rule('type', /^\s*alias\s+(\w+)/), rule('constant', /^\s*(?:const|override)\s+(\w+)/)],
  dtrace: [rule('function', /^\s*([\w$]*:[\w$*]*:[\w$*]*:[\w$*-]+)/)],
  assembly: [rule('macro', /^\s*(?:\.macro|%macro)\s+(\w+)/i), rule('function', /^([A-Za-z_.$][\w.$@]*):/, null)],
}; // prettier-ignore
