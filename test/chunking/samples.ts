/** For each language a small file and what is defined in it: line, kind, scope and name. */
export const samples: Readonly<Record<string, { readonly source: string; readonly symbols: string }>> = {
  typescript: {
    source: `
import fs from 'node:fs';
/** A server. */
@sealed()
export class Server extends Base {
  private port = 1;
  constructor(port: number) { super(); }
  async start(): Promise<void> {}
  onClose = () => {};
}
export interface Options { port: number; open(): void }
export type Port = number;
export enum Mode { On = 1 }
namespace Deep.Inner { export function help() {} }
export const run = async () => {}, limit = 5;
function over(a: string): void;
function over(a: unknown) {}
export default function main() { const local = 1; }
export const api = { get() {}, put: () => 1 };
`,
    symbols: `
      3 class Server
      4 field Server.port
      5 constructor Server.constructor
      6 method Server.start
      7 method Server.onClose
      9 interface Options
      9 property Options.port
      9 method Options.open
      10 type Port
      11 enum Mode
      11 constant Mode.On
      12 namespace Deep.Inner
      12 function Deep.Inner.help
      13 function run
      13 constant limit
      14 function over
      16 function main
      17 constant api
      17 method api.get
      17 method api.put`,
  },
  tsx: {
    source: `
export function App({ name }: Props) {
  return <div>{name}</div>;
}
const Row = (props: Props) => <tr {...props} />;
`,
    symbols: `
      0 function App
      3 function Row`,
  },
  javascript: {
    source: `
exports.read = function () {};
module.exports = { write() {}, close: function () {} };
Stream.prototype.pipe = function () {};
const { a, b } = require('x');
describe('stream', () => {
  it('pipes', () => { const inner = 1; });
});
(function () { function hidden() {} })();
class Pipe { static open() {} }
function* items() {}
`,
    symbols: `
      0 function read
      1 module exports
      1 method write
      1 method close
      2 method Stream.pipe
      4 test stream
      5 test stream.pipes
      7 function hidden
      8 class Pipe
      8 method Pipe.open
      9 function items`,
  },
  jsx: {
    source: `
export const App = () => <div />;
`,
    symbols: `
      0 function App`,
  },
  python: {
    source: `
LIMIT = 5

@decorated
class Store(Base):
    """Doc."""
    size = 0

    def __init__(self): pass

    @property
    def path(self): pass

async def main(): pass
if True:
    def fallback(): pass
x.y = 1
`,
    symbols: `
      0 variable LIMIT
      3 class Store
      5 field Store.size
      7 constructor Store.__init__
      10 method Store.path
      12 function main
      14 function fallback`,
  },
  go: {
    source: `
package shard
const (
	Max = 1
	Min = 0
)
var pool, other = 1, 2
// Builder builds.
type Builder struct { size int }
type Reader interface { Read() }
func New() *Builder { return nil }
func (b *Builder) Finish() {}
func (l List[T]) Len() int { return 0 }
`,
    symbols: `
      2 constant Max
      3 constant Min
      5 variable pool
      5 variable other
      7 struct Builder
      7 field Builder.size
      8 interface Reader
      8 method Reader.Read
      9 function New
      10 method Builder.Finish
      11 method List.Len`,
  },
  rust: {
    source: `
/// Docs.
#[derive(Debug)]
pub struct Tree { root: u32 }
pub enum Shape { Round }
impl<T> Walk for Tree<T> { fn next(&mut self) {} }
impl fmt::Display for Tree { fn fmt(&self) {} }
pub trait Walk { fn next(&mut self); }
mod inner { pub fn helper() {} }
macro_rules! twice { () => {} }
const MAX: u8 = 1;
static TABLE: u8 = 1;
type Alias = u8;
`,
    symbols: `
      2 struct Tree
      2 field Tree.root
      3 enum Shape
      3 constant Shape.Round
      4 impl Tree
      4 method Tree.next
      5 impl Tree
      5 method Tree.fmt
      6 trait Walk
      6 method Walk.next
      7 module inner
      7 function inner.helper
      8 macro twice
      9 constant MAX
      10 variable TABLE
      11 type Alias`,
  },
  java: {
    source: `
package a.b;
/** Doc. */
@Service
public class Order extends Base {
  private int count = 1, total;
  Order(int count) {}
  public void pay() {}
  enum State { OPEN, DONE }
  record Point(int x) {}
}
interface Payable { void pay(); }
@interface Marker { int value(); }
`,
    symbols: `
      3 class Order
      4 field Order.count
      4 field Order.total
      5 constructor Order.Order
      6 method Order.pay
      7 enum Order.State
      7 constant Order.State.OPEN
      7 constant Order.State.DONE
      8 class Order.Point
      8 property Order.Point.x
      10 interface Payable
      10 method Payable.pay
      11 interface Marker
      11 method Marker.value`,
  },
  kotlin: {
    source: `
package a.b

import x.Y

/** d */
@A
class K(val x: Int) : B() {
  val p = 1

  constructor(y: Int) : this()

  fun m(): Int = 1

  companion object {
    fun c() {
      println("x")
    }
  }
}

interface I {
  fun q()
}

object O {
  const val Z = 1
}

enum class E { A, B }

fun String.ext() {
  println(this)
}

typealias T = Int

val top = 1
`,
    symbols: `
      6 class K
      6 property K.x
      7 field K.p
      9 constructor K.constructor
      11 method K.m
      13 class K.Companion
      14 method K.Companion.c
      20 interface I
      21 method I.q
      24 class O
      25 field O.Z
      28 enum E
      28 constant E.A
      28 constant E.B
      30 function ext
      34 type T
      36 variable top`,
  },
  scala: {
    source: `
package a
object Main { def run() = 1; val name = "x" }
class Box(x: Int) { def open(): Int = 1 }
trait Lid { def close(): Unit }
case class Point(x: Int)
type Id = Int
enum Color { case Red }
`,
    symbols: `
      1 class Main
      1 method Main.run
      1 constant Main.name
      2 class Box
      2 method Box.open
      3 trait Lid
      3 method Lid.close
      4 class Point
      4 property Point.x
      5 type Id
      6 enum Color
      6 constant Color.Red`,
  },
  swift: {
    source: `
class Cat: Animal {
  var lives = 9
  init(name: String) {}
  func purr() {}
}
struct Point { let x: Int }
enum Side { case left, right }
protocol Walks { func walk() }
extension Cat { func jump() {} }
func top() {}
typealias Id = Int
`,
    symbols: `
      0 class Cat
      1 field Cat.lives
      2 constructor Cat.init
      3 method Cat.purr
      5 struct Point
      5 field Point.x
      6 enum Side
      6 constant Side.left
      7 interface Walks
      7 method Walks.walk
      8 impl Cat
      8 method Cat.jump
      9 function top
      10 type Id`,
  },
  dart: {
    source: `
class Cat extends Animal {
  int lives = 9;
  Cat(this.name);
  void purr() {
    print('x');
  }
  int get age => 1;
}
enum Side { left }
mixin Walks {}
extension Jumps on Cat { void jump() {} }
void main() {}
typedef Id = int;
`,
    symbols: `
      0 class Cat
      1 field Cat.lives
      2 constructor Cat.Cat
      3 method Cat.purr
      6 property Cat.age
      8 enum Side
      8 constant Side.left
      9 trait Walks
      10 impl Jumps
      10 method Jumps.jump
      11 function main
      12 type Id`,
  },
  c: {
    source: `
#define LIMIT 10
#define SQUARE(x) ((x) * (x))
struct point { int x; };
typedef struct point point_t;
enum side { LEFT };
static const int table[] = {1};
int declared(int);
/* Doc. */
static char *name_of(struct point *p) { return 0; }
`,
    symbols: `
      0 macro LIMIT
      1 macro SQUARE
      2 struct point
      2 field point.x
      3 type point_t
      4 enum side
      4 constant side.LEFT
      5 variable table
      6 function declared
      8 function name_of`,
  },
  cpp: {
    source: `
namespace geo {
template <class T> class Box : Base {
 public:
  Box();
  ~Box() {}
  int size() const { return n; }
  int n;
};
}
int geo::Area::of(int x) { return x; }
template <> void Map<int>::clear() {}
int &ref() { return x; }
using Id = int;
enum class Side { Left };
bool operator<(const A &a, const A &b) { return true; }
#ifdef DEBUG
void dump() {}
#endif
`,
    symbols: `
      0 namespace geo
      1 class geo.Box
      3 method geo.Box.Box
      4 method geo.Box.~Box
      5 method geo.Box.size
      6 field geo.Box.n
      9 method geo.Area.of
      10 method Map.clear
      11 function ref
      12 type Id
      13 enum Side
      13 constant Side.Left
      14 function operator<
      16 function dump`,
  },
  csharp: {
    source: `
namespace Shop.Orders;
[Serializable]
public class Order : Base {
  public int Count { get; set; }
  private int total = 1;
  public Order() {}
  void Pay() {}
  enum State { Open }
}
interface IPay { void Pay(); }
record Point(int X);
struct Size {}
delegate void Handler();
`,
    symbols: `
      0 namespace Shop.Orders
      2 class Order
      3 property Order.Count
      4 field Order.total
      5 constructor Order.Order
      6 method Order.Pay
      7 enum Order.State
      7 constant Order.State.Open
      9 interface IPay
      9 method IPay.Pay
      10 class Point
      10 property Point.X
      11 struct Size
      12 type Handler`,
  },
  php: {
    source: `
<?php
namespace App\\Shop;
const LIMIT = 1;
/** Doc. */
class Order extends Base {
  const OPEN = 1;
  private $count = 1;
  public function __construct() {}
  function pay() {}
}
interface Payable {}
trait Logs {}
enum State { case Open; }
function helper() {}
`,
    symbols: `
      1 namespace App\\Shop
      2 constant LIMIT
      4 class Order
      5 constant Order.OPEN
      6 field Order.count
      7 constructor Order.__construct
      8 method Order.pay
      10 interface Payable
      11 trait Logs
      12 enum State
      12 constant State.Open
      13 function helper`,
  },
  ruby: {
    source: `
module Shop
  class Order < Base
    LIMIT = 1
    attr_accessor :count
    def initialize; end
    def self.open; end
    class << self
      def close; end
    end
  end
end
describe "order" do
  it "opens" do
  end
end
`,
    symbols: `
      0 module Shop
      1 class Shop.Order
      2 constant Shop.Order.LIMIT
      3 property Shop.Order.count
      4 constructor Shop.Order.initialize
      5 method Shop.Order.open
      7 method Shop.Order.close
      11 test order
      12 test order.opens`,
  },
  elixir: {
    source: `
defmodule Shop.Order do
  @doc "Opens."
  def open(id) when id > 0, do: id
  def open(_), do: nil
  defp hidden do
    1
  end
  defmacro twice(x), do: x
end
`,
    symbols: `
      0 module Shop.Order
      2 function Shop.Order.open
      4 function Shop.Order.hidden
      7 macro Shop.Order.twice`,
  },
  haskell: {
    source: `
module Shop where
data Order = Open | Done
newtype Id = Id Int
class Pays a where
  pay :: a -> Int
instance Pays Order where
  pay _ = 1
-- | Doc.
total :: Int -> Int
total 0 = 1
total x = x
type Name = String
`,
    symbols: `
      1 type Order
      1 constructor Order.Open
      1 constructor Order.Done
      2 type Id
      3 trait Pays
      4 method Pays.pay
      5 impl Pays
      6 method Pays.pay
      8 function total
      11 type Name`,
  },
  lua: {
    source: `
local M = {}
function M.open(x) end
function M:close() end
M.read = function() end
local function helper() end
return M
`,
    symbols: `
      0 variable M
      1 method M.open
      2 method M.close
      3 method M.read
      4 function helper`,
  },
  zig: {
    source: `
const std = @import("std");
pub const Point = struct {
    x: u8,
    pub fn length(self: Point) u8 { return self.x; }
};
pub fn main() void {}
test "adds" {}
`,
    symbols: `
      0 constant std
      1 struct Point
      2 field Point.x
      3 method Point.length
      5 function main
      6 test adds`,
  },
  bash: {
    source: `
#!/bin/bash
LIMIT=1
# Builds.
build() {
  local x=1
}
function clean { rm -rf out; }
export PATH_TO=1
`,
    symbols: `
      1 variable LIMIT
      3 function build
      6 function clean
      7 variable PATH_TO`,
  },
  css: {
    source: `
:root { --x: 1 }
/* About
   cards. */
.card,
.card > a { color: red; background: url(http://x.y/z) }
@media (min-width: 1px) { #main { margin: 0 } }
@keyframes fade { from { opacity: 0 } 50.5% { opacity: 1 } }
`,
    symbols: `
      0 rule :root
      3 rule .card, .card > a
      5 rule #main
      6 rule fade`,
  },
  scss: {
    source: `
// Sizes.
@mixin wide($w) { width: $w; }
@function double($x) { @return $x * 2; }
.list-#{$name} {
  &:hover { color: red; }
  .item { color: blue; }
}
`,
    symbols: `
      1 macro wide
      2 function double
      3 rule .list-#{$name}
      4 rule .list-#{$name}.&:hover
      5 rule .list-#{$name}..item`,
  },
  html: {
    source: `
<html><body>
<div id="main" class="x">
<p id=first>text</p>
</div>
<script id="setup">f()</script>
</body></html>
`,
    symbols: `
      1 element main
      2 element main.first
      4 element setup`,
  },
  json: {
    source: `
{
  // c
  "name": "x",
  "scripts": {
    "build": "a \\"q\\" {",
    "deep": { "no": 1 }
  },
  "list": [ { "no": 1 } ],
  "last": 1
}
`,
    symbols: `
      2 key name
      3 key scripts
      4 key scripts.build
      5 key scripts.deep
      7 key list
      8 key last`,
  },
  yaml: {
    source: `
# top
# about a
a: 1
"quoted key": x
b:
  # about c
  c: 2
  d:
    e: 1
  text: |
    not: a key
  url: http://x.y/z
list:
- name: x
  v: 1
jobs.http://odd: {a: 1}
`,
    symbols: `
      2 key a
      3 key quoted key
      4 key b
      6 key b.c
      7 key b.d
      9 key b.text
      11 key b.url
      12 key list
      15 key jobs.http://odd`,
  },
  toml: {
    source: `
title = "x"
[package]
name = "y"
[a.b]
[[bin]]
path = "z"
`,
    symbols: `
      0 key title
      1 section package
      2 key package.name
      3 section a.b
      4 section bin
      5 key bin.path`,
  },
  markdown: {
    source: `
---
title: front matter
---
# Guide
Intro.
## Install it
\`\`\`sh
# not a heading
\`\`\`
Setext heading
--------------
### \`code\` and [link](x)
# Reference
`,
    symbols: `
      3 section Guide
      5 section Guide.Install it
      9 section Guide.Setext heading
      11 section Guide.Setext heading.code and link
      12 section Reference`,
  },
  sql: {
    source: `
-- All orders.
CREATE TABLE IF NOT EXISTS shop.orders (
  id int
);
create or replace function total(x int) returns int as $$
$$;
CREATE UNIQUE INDEX by_id ON orders (id);
create view open_orders as select 1;
`,
    symbols: `
      1 struct shop.orders
      4 function total
      6 key by_id
      7 class open_orders`,
  },
  protobuf: {
    source: `
message Order {
  enum State { OPEN = 0; }
}
service Shop {
  rpc Open (Order) returns (Order);
}
`,
    symbols: `
      0 struct Order
      1 enum Order.State
      3 interface Shop
      4 method Shop.Open`,
  },
  make: {
    source: `
CC := gcc
.PHONY: all
all: main.o
	gcc
%.o: %.c
	$(CC)
`,
    symbols: `
      2 rule all
      4 rule %.o`,
  },
};
