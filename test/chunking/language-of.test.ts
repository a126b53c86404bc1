import { describe, expect, test } from 'vitest';
import {
  classifyText,
  isBinary,
  languageOf,
  languageOfContent,
  languageOfPath,
  neighbourhoodOf,
} from '../../src/chunking/index.js';
import { languageByAlias, languageId, languageNumber, languages } from '../../src/model/index.js';
import { bytesOf } from './helpers.js';

describe('language of a file', () => {
  test.each([
    ['src/a.ts', 'typescript'], ['a.d.mts', 'typescript'], ['a.tsx', 'tsx'], ['a.CJS', 'javascript'], ['a.jsx', 'jsx'],
    ['x/Makefile', 'make'], ['Dockerfile.dev', 'dockerfile'], ['Gemfile', 'ruby'], ['a.h', 'c'], ['a.hpp', 'cpp'],
    ['go.mod', 'gomod'], ['package-lock.json', 'lockfile'], ['README', 'text'], ['a.unknown', 'text'], ['.bashrc', 'bash'],
    ['index.html.erb', 'template'], ['CMakeLists.txt', 'cmake'], ['notes.txt', 'text'], ['noextension', 'text'],
  ])('%s is %s', (path, language) => expect(languageOf(path)).toBe(language)); // prettier-ignore

  test.each([
    ['#!/bin/sh\n', 'bash'], ['#!/usr/bin/env node\n', 'javascript'], ['#!/usr/bin/python3.11 -u\n', 'python'],
    ['#!/usr/bin/env -S FOO=1 deno run\n', 'typescript'], ['#!/usr/bin/unknown\n', 'text'], ['no shebang', 'text'],
  ])('%j is %s', (head, language) => expect(languageOf('bin/tool', bytesOf(head))).toBe(language)); // prettier-ignore

  test.each([
    ['config.h.in', 'c'], ['Makefile.am', 'make'], ['Makefile.PL', 'perl'], ['Dockerfile-prod', 'dockerfile'], ['run.sh.example', 'bash'],
    ['.env.json.sample', 'json'], ['Containerfile.arm', 'dockerfile'], ['a.dist', 'text'], ['meson.build', 'meson'], ['Tiltfile', 'starlark'],
  ])('%s is %s', (path, language) => expect(languageOf(path)).toBe(language)); // prettier-ignore

  test.each([
    ['C++', 'a.h', '#include <vector>\nnamespace a {}\n', 'cpp'],
    ['an exported class', 'a.h', 'class Q_CORE_EXPORT QObject : public Base\n{\n', 'cpp'],
    ['a class declared ahead', 'a.h', '#ifndef A\n#define A\nclass Widget;\nvoid show(Widget *);\n#endif\n', 'cpp'],
    ['a namespace after a macro', 'a.h', 'LIB_BEGIN\nnamespace x\n{\n', 'cpp'],
    ['an unreal class', 'a.h', 'UCLASS()\nclass MYGAME_API AHero : public AActor\n{\n\tGENERATED_BODY()\n', 'cpp'],
    ['a template alone', 'a.h', '  template <class T> T f(T);\n', 'cpp'],
    ['a struct that derives', 'a.h', 'struct A : public B { int x; };\n', 'cpp'],
    ['a constructor', 'a.h', 'struct A {\n  A(int x);\n  int x;\n};\n', 'cpp'],
    ['references', 'a.h', 'int f(const Name& n);\n', 'cpp'],
    ['an operator', 'a.h', 'bool operator==(A a, A b);\n', 'cpp'],
    ['a scope', 'a.h', 'int f(std::string *s);\n', 'cpp'],
    ['a long licence', 'a.h', `/*\n${' * words\n'.repeat(1500)} */\nclass A {\n};\n`, 'cpp'],
    ['C', 'a.h', '#include <stdio.h>\nint using_it(void);\n', 'c'],
    ['C with a part for C++', 'a.h', '#ifdef __cplusplus\nextern "C" {\n#endif\nint f(void);\n#ifdef __cplusplus\n}\n#endif\n', 'c'],
    ['C with a class for C++ alone', 'a.h', 'int f(void);\n#if defined(__cplusplus)\nclass F { public: F(); };\n#endif\n', 'c'],
    ['C that talks of classes', 'a.h', '/*\n class Foo: see std::vector\n namespace x {\n*/\n// template <class T>\nint f(const char *s = "a::b");\n', 'c'],
    ['C with attributes', 'a.h', '[[gnu::packed]] struct a { unsigned public : 3; };\n', 'c'],
    ['C with words of C++', 'a.h', 'void *new(int class, struct s *this);\nint delete(void *p);\n', 'c'],
    ['Objective-C', 'a.h', '#import <Foundation/Foundation.h>\n@interface A : NSObject\n@end\n', 'objc'],
    ['Objective-C without classes', 'a.h', 'typedef NS_ENUM(NSInteger, Mode) { ModeA };\n', 'objc'],
    ['C++ that knows of Objective-C', 'a.h', '#ifdef __OBJC__\n@class NSWindow;\n#endif\nclass A {};\n', 'cpp'],
    ['a modeline', 'a.h', '/* -*- mode: c++; tab-width: 4 -*- */\nint f(void);\n', 'cpp'],
    ['a modeline of Vim', 'a.h', 'int f(void);\n/* vim: set ft=cpp: */\n', 'cpp'],
    ['Objective-C', 'a.m', '#import "A.h"\n@implementation A\n@end\n', 'objc'],
    ['MATLAB', 'a.m', 'function y = f(x)\n% doubles\ny = 2 * x;\nend\n', 'matlab'],
    ['a MATLAB class', 'a.m', 'classdef A < handle\nend\n', 'matlab'],
    ['Mercury', 'a.m', ':- module a.\n:- interface.\n', 'mercury'],
    ['Perl', 'a.pl', '#!/usr/bin/perl\nuse strict;\nmy $x = 1;\n', 'perl'],
    ['Prolog', 'a.pl', ':- module(a, [b/1]).\nb(X) :- c(X).\n', 'prolog'],
    ['Prolog facts', 'a.pl', 'parent(tom, bob).\nparent(bob, ann).\n', 'prolog'],
    ['Qt Linguist', 'a.ts', '<?xml version="1.0"?>\n<!DOCTYPE TS>\n<TS>\n', 'xml'],
    ['Qt Linguist with a mark', 'a.ts', '\uFEFF<!DOCTYPE TS><TS>\n', 'xml'],
    ['TypeScript', 'a.ts', 'const a = <T>x;\n', 'typescript'],
    ['Verilog', 'a.v', 'module adder(input a, output b);\nendmodule\n', 'verilog'],
    ['Coq', 'a.v', 'Require Import List.\nTheorem t : True.\nProof. trivial. Qed.\n', 'coq'],
    ['V', 'a.v', 'module main\n\nfn main() {\n\tprintln(1)\n}\n', 'vlang'],
    ['PHP', 'a.inc', '<?php\nfunction f() {}\n', 'php'],
    ['C', 'a.inc', '#define A 1\nstatic int f(void);\n', 'c'],
    ['C++', 'a.inc', 'template <class T>\nvoid f(T);\n', 'cpp'],
    ['nothing known', 'a.inc', 'some words of text\n', 'text'],
    ['LaTeX', 'a.cls', '\\ProvidesClass{a}\n', 'latex'],
    ['Visual Basic', 'a.cls', 'VERSION 1.0 CLASS\nBEGIN\n', 'vb'],
    ['Apex', 'a.cls', 'public with sharing class A {\n}\n', 'apex'],
    ['D', 'a.d', 'import std.stdio;\nvoid main() {}\n', 'd'],
    ['make', 'a.d', 'out/a.o: a.c a.h\n', 'make'],
    ['Forth', 'a.f', ': square dup * ;\n', 'forth'],
    ['Fortran', 'a.f', '      program main\n      end\n', 'fortran'],
    ['F#', 'a.fs', 'module A\nlet x = 1\n', 'fsharp'],
    ['a shader', 'a.fs', '#version 330\nvoid main() {}\n', 'glsl'],
    ['Standard ML', 'a.ml', 'structure A = struct\nend\n', 'sml'],
    ['OCaml', 'a.ml', 'let x = 1\n', 'ocaml'],
    ['no go.mod', 'a.mod', '<?xml version="1.0"?>\n', 'xml'],
    ['go.mod by another name', 'tools.mod', 'module x.org/y\n\ngo 1.22\n', 'gomod'],
    ['a script without extension', 'tool', '#!/usr/bin/env -S ruby -w\n', 'ruby'],
    ['a modeline without extension', 'tool', '# -*- mode: python -*-\n', 'python'],
    ['a modeline of another mode', 'tool', ';; -*- lexical-binding: t; mode: emacs-lisp -*-\n', 'lisp'],
    ['words about modes', 'tool', 'the mode: python is one\n', 'text'],
  ])('%s in %s: %j', (_, path, text, language) => expect(languageOf(path, bytesOf(text))).toBe(language)); // prettier-ignore

  test('where the name decides, the content has no say', () => {
    for (const path of ['a.c', 'a.hpp', 'a.py', 'Makefile', 'a.tsx.html']) {
      expect(languageOf(path, bytesOf('// -*- mode: perl -*-\n@interface A\nclass A {};\n'))).toBe(languageOf(path));
    }
  });

  test('what a folder of headers is', () => {
    const of = (names: string): string => neighbourhoodOf(names.split(' ').map((name) => ({ name })));
    expect([of('a.h b.cc'), of('a.h b.CPP d.m'), of('a.h b.c c.cc'), of('a.h v.m'), of('a.h'), of('c.cc.txt')]).toEqual([
      'cpp', 'cpp', '', 'objc', '', '',
    ]); // prettier-ignore
    expect(languageOfPath('x/a.h', 'cpp').language).toBe('cpp');
    expect(languageOfPath('x/a.c', 'cpp').language).toBe('c');
    // A folder of C++ may have headers of Objective-C, and of C++ what says so itself.
    expect(languageOfContent(languageOfPath('a.h', 'cpp'), bytesOf('@interface A\n@end\n'))).toBe('objc');
    expect(languageOfContent(languageOfPath('a.h', 'objc'), bytesOf('class A {};\n'))).toBe('cpp');
  });

  test('aliases and numbers', () => {
    expect(['TS', 'c++', 'C#', 'sh', 'golang', 'python', 'nothing'].map(languageByAlias)).toEqual([
      'typescript', 'cpp', 'csharp', 'bash', 'go', 'python', undefined,
    ]); // prettier-ignore
    for (const { id } of languages) expect(languageId(languageNumber(id))).toBe(id);
    expect([languageNumber('nothing'), languageId(255)]).toEqual([0, 'text']);
    expect(new Set(languages.map(({ id }) => id)).size).toBe(languages.length);
    expect(languages.length).toBeLessThan(256);
  });

  // Stored in indexes: the order may only grow at its end.
  test('numbers never change', () => {
    expect(['text', 'typescript', 'markdown', 'xml', 'csv', 'lockfile', 'gomod'].map(languageNumber)).toEqual([
      0, 1, 28, 33, 63, 78, 80,
    ]); // prettier-ignore
  });
});

describe('class of a text', () => {
  test.each([
    ['dist/a.min.js', 'x', 'minified'],
    ['a.js', 'x'.repeat(5001), 'minified'],
    ['a.js', `${'x'.repeat(600)}\n`.repeat(10), 'minified'],
    ['a.go', '// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a\n', 'generated'],
    ['a.ts', '/* eslint-disable */\n/** @generated */\n', 'generated'],
    ['a.pb.go', 'package a\n', 'generated'],
    ['sub/yarn.lock', '', 'generated'],
    ['a.ts', 'const marker = /@generated|DO NOT EDIT/;\n', ''],
    ['a.js', 'plain\n', ''],
  ])('%s is %3$s', (path, text, expected) => {
    const { minified, generated } = classifyText(bytesOf(text), path);
    expect([minified && 'minified', generated && 'generated'].filter(Boolean).join()).toBe(expected);
  });

  test('binary is a NUL among the first 8,000 bytes', () => {
    const content = new Uint8Array(9000).fill(65);
    content[8000] = 0;
    expect(isBinary(content)).toBe(false);
    content[7999] = 0;
    expect(isBinary(content)).toBe(true);
  });
});
