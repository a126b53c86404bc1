import { expect, test } from 'vitest';
import { createChunker, languageOf } from '../../src/chunking/index.js';
import { bytesOf, symbolLines } from './helpers.js';

const chunker = await createChunker();

// Languages that are read line by line: kind and qualified name of what each sample defines.
test.each([
  ['a.pm', 'package Shop::Cart;\nuse strict;\nuse constant LIMIT => 5;\nour $VERSION = 1;\nhas items => (is => "ro");\n\n=head2 add\n\nsub in_pod {}\n\n=cut\n\nsub add {\n  my ($self) = @_;\n  my $f = sub { 1 };\n}\n1;\n__END__\nsub after_end {}\n', ['module Shop::Cart', 'constant Shop::Cart.LIMIT', 'variable Shop::Cart.VERSION', 'property Shop::Cart.items', 'function Shop::Cart.add']],
  ['a.R', 'LIMIT <- 5\nadd <- function(a, b) {\n  inner <- function() 1\n  x <- 2\n}\n`%+%` = function(a, b) a\nPerson <- R6Class("Person", public = list(\n  greet = function() 1\n))\nsetGeneric("area", function(s) 1)\n', ['variable LIMIT', 'function add', 'function add.inner', 'function %+%', 'class Person', 'method Person.greet', 'function area']],
  ['a.jl', 'module Shop\nconst LIMIT = 5\nabstract type Shape end\nmutable struct Cart{T} <: Shape\n  items::T\nend\nfunction Base.show(io::IO, c::Cart)\n  x = f(1)\nend\narea(s::Shape) = 1\nsq(x::T) where {T} = x\nmacro twice(e)\nend\n@enum Color red green\nend\n', ['module Shop', 'constant Shop.LIMIT', 'type Shop.Shape', 'struct Shop.Cart', 'function Shop.show', 'function Shop.area', 'function Shop.sq', 'macro Shop.twice', 'enum Shop.Color']],
  ['a.ml', 'exception Bad of string\ntype t =\n  | A of int\n  | B\nand r = { x : int }\nmodule M = struct\n  let f x =\n    let y = x in\n    y\nend\nlet rec even n = n = 0\nand odd n = n = 1\nlet ( + ) a b = a\nlet limit = 5\nexternal ext : int -> int = "c"\n', ['class Bad', 'type t', 'constant t.A', 'type r', 'module M', 'function M.f', 'function even', 'function odd', 'function +', 'variable limit', 'function ext']],
  ['a.mli', 'type t\nval create : int -> t\nmodule type S = sig\n  val v : int\nend\n', ['type t', 'function create', 'module S', 'function S.v']],
  ['a.erl', '-module(shop).\n-record(cart, {items}).\n-define(LIMIT, 5).\n-type id() :: integer().\n\n%% add(X) -> no.\nadd(0) ->\n    zero;\nadd(N) ->\n    other(N).\n\n\'odd name\'() -> ok.\n', ['module shop', 'struct shop.cart', 'macro shop.LIMIT', 'type shop.id', 'function shop.add', 'function shop.odd name']],
  ['a.clj', '(ns shop.core)\n(def limit 5)\n(defn ^:private add!\n  "Doc."\n  [a]\n  (let [f 1] f))\n(defmacro twice [x] x)\n(defprotocol Shape\n  (area [s]))\n(defrecord Cart [items])\n(defmulti draw :kind)\n(deftest adds (is true))\n', ['namespace shop.core', 'variable limit', 'function add!', 'macro twice', 'interface Shape', 'class Cart', 'function draw', 'test adds']],
  ['a.groovy', 'class Cart {\n    String name\n    static final int LIMIT = 5\n    void add(String item) {\n        if (item) {\n            each { it }\n        }\n    }\n    def total() {\n        return sum(items) {\n        }\n    }\n    def "adds an item"() {\n    }\n}\ntask deploy(type: Copy) {\n}\n', ['class Cart', 'method Cart.add', 'method Cart.total', 'test Cart.adds an item', 'function deploy']],
  ['a.ps1', 'function Get-Cart {\n  param($x)\n}\nFilter global:Pick { $_ }\nclass Cart : Base {\n  [string] $Name\n  [void] Add([int]$n) {\n  }\n}\nenum Color {\n  Red\n}\n', ['function Get-Cart', 'function Pick', 'class Cart', 'property Cart.Name', 'method Cart.Add', 'enum Color']],
  ['a.sol', 'pragma solidity ^0.8.0;\nabstract contract Shop is Base {\n    uint256 public constant LIMIT = 5;\n    mapping(address => uint) private balances;\n    event Sold(address who);\n    modifier only() { _; }\n    constructor() {}\n    function buy(uint x) public returns (uint) {\n        uint y = x;\n    }\n}\ninterface Pays { function pay() external; }\nlibrary Lib {\n}\n', ['class Shop', 'field Shop.LIMIT', 'field Shop.balances', 'type Shop.Sold', 'method Shop.only', 'constructor Shop.constructor', 'method Shop.buy', 'interface Pays', 'module Lib']],
  ['a.tf', 'resource "aws_instance" "web" {\n  ami = 1\n}\ndata "aws_ami" "linux" {}\nvariable "region" {\n}\nmodule "net" {\n}\n', ['struct web', 'constant web.ami', 'struct linux', 'variable region', 'module net']],
  ['a.m', '#import "A.h"\n#define LIMIT 5\nNSString * const kName = @"x";\nstatic int helper(int a) {\n  return a;\n}\n@interface Cart ()\n@property (nonatomic, copy) NSString *title;\n@end\n@implementation Cart\n- (void)setObject:(id)object\n           forKey:(NSString *)key {\n  [self foo];\n}\n+ (instancetype)shared { return nil; }\n@end\n', ['macro LIMIT', 'function helper', 'class Cart', 'property Cart.title', 'class Cart', 'method Cart.setObject:forKey:', 'method Cart.shared']],
  ['a.h', '@class Other;\nNS_ASSUME_NONNULL_BEGIN\ntypedef NS_ENUM(NSInteger, Mode) {\n  ModeA,\n};\ntypedef void (^Done)(int x);\n@protocol Pays <NSObject>\n- (void)pay;\n@end\n@interface Cart : NSObject\n@property (nonatomic) BOOL open;\n- (BOOL)isOpen;\n@end\nNS_ASSUME_NONNULL_END\n', ['enum Mode', 'type Done', 'interface Pays', 'method Pays.pay', 'class Cart', 'property Cart.open', 'method Cart.isOpen']],
  ['a.fish', 'function greet --argument name\n  echo $name\nend\n', ['function greet']],
  ['a.nim', 'type\n  Cart* = ref object\n    items: int\nproc add*(c: Cart) =\n  discard\ntemplate twice(x) = x\n', ['type Cart', 'function add', 'macro twice']],
  ['a.f90', 'module shop\ncontains\n  subroutine add(a)\n  end subroutine add\n  integer function total(b)\n  end function\nend module shop\n', ['module shop', 'function add', 'function total']],
  ['a.fs', 'module Shop\ntype Cart =\n  { Items: int }\n  member this.Total = 1\nlet add x y = x\nlet limit = 5\n', ['module Shop', 'type Cart', 'method Cart.Total', 'function add', 'variable limit']],
  ['a.elm', 'module Shop exposing (..)\ntype alias Cart = { items : Int }\nadd : Int -> Int\nadd x =\n    x\n', ['module Shop', 'type Cart', 'function add', 'function add']],
  ['a.el', ';; (defun commented ())\n(defun shop-add (x)\n  x)\n(defvar shop-limit 5)\n', ['function shop-add', 'variable shop-limit']],
  ['a.proto.thrift', 'struct Cart {\n  1: i32 id\n}\nservice Shop {\n  void add(1: Cart c)\n}\n', ['struct Cart', 'interface Shop', 'method Shop.add']],
  ['a.sv', 'module adder #(parameter W = 8)(input a);\n  function int add(int b);\n  endfunction\nendmodule\n', ['module adder', 'function adder.add']],
  ['a.pl', ':- module(shop, [add/1]).\nadd(0).\nadd(X) :- other(X).\n', ['module shop', 'function add']],
])('%s', (path, source, expected) => {
  const content = bytesOf(source);
  const file = chunker.chunk(content, languageOf(path, content));
  expect(file.diagnostics).toEqual([]);
  expect(symbolLines(content, file).map((line) => line.replace(/^\d+ /, ''))).toEqual(expected);
}); // prettier-ignore
