// Package samebytes_test guards the promise that the same project gives the same bytes on every
// machine: it reads the source of the packages that make sound, and the code compiled from it, for
// what is known to differ. The third guard, .ci/same-bytes, runs the golden tests on other
// machines.
package samebytes_test

import (
	"fmt"
	"go/ast"
	"go/build"
	"go/constant"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/lathe-audio/lathe"

// audioPath reports whether a package's results are, or go into, the bytes of a
// delivery.
func audioPath(pkg string) bool {
	rel := strings.TrimPrefix(pkg, module+"/")
	switch {
	case rel == "dsp/dsptest" || strings.HasPrefix(rel, "dsp/dsptest/"): // measures; only in tests
		return false
	case strings.HasPrefix(rel, "dsp/xmath/internal"): // makes tables with math/big
		return false
	}
	for _, tree := range []string{"dsp", "render", "internal/demo"} {
		if rel == tree || strings.HasPrefix(rel, tree+"/") {
			return true
		}
	}
	return false
}

// safeMath are the functions of package math that are exact, or rounded
// correctly, everywhere. The others differ between machines: dsp/xmath has them.
var safeMath = map[string]bool{
	"Abs": true, "Ceil": true, "Copysign": true, "Float32bits": true, "Float32frombits": true,
	"Float64bits": true, "Float64frombits": true, "Floor": true, "Frexp": true, "Inf": true,
	"IsInf": true, "IsNaN": true, "Ldexp": true, "Max": true, "Min": true, "Mod": true, "Modf": true,
	"NaN": true, "Nextafter": true, "Round": true, "RoundToEven": true, "Signbit": true,
	"Sqrt": true, "Trunc": true,
}

// unsafeImports differ between machines, or between two runs.
var unsafeImports = map[string]string{
	"math/rand":    "use dsp/seed",
	"math/rand/v2": "use dsp/seed",
	"math/cmplx":   "complex arithmetic is fused on some machines",
}

// TestSourceRoundsProducts reads all packages that make sound, in the variants for
// each kind of machine.
func TestSourceRoundsProducts(t *testing.T) {
	root := moduleRoot(t)
	for _, arch := range []string{"amd64", "arm64"} {
		t.Run(arch, func(t *testing.T) {
			l := newLoader(t, root, arch)
			checked := 0
			for _, pkg := range audioPackages(t, root) {
				p, err := l.load(pkg)
				if err != nil {
					t.Fatal(err)
				}
				checked++
				for _, problem := range p.problems(l.fset) {
					t.Error(strings.TrimPrefix(problem, root+string(filepath.Separator)))
				}
			}
			if checked < 5 {
				t.Errorf("only %d packages were found", checked)
			}
		})
	}
}

// fusedAssembly is what hand-written code may not contain either.
var fusedAssembly = regexp.MustCompile(`(?m)^\s*(VFN?M(ADD|SUB)(132|213|231)|FN?M(ADD|SUB)|VFML[AS])\S*`)

// TestAssemblyHasNoFusedMultiplyAdd reads the .s files of the same packages.
func TestAssemblyHasNoFusedMultiplyAdd(t *testing.T) {
	root := moduleRoot(t)
	for _, pkg := range audioPackages(t, root) {
		files, err := filepath.Glob(filepath.Join(root, strings.TrimPrefix(pkg, module), "*.s"))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, hit := range fusedAssembly.FindAll(text, -1) {
				t.Errorf("%s: %s multiplies and adds with one rounding", name, strings.TrimSpace(string(hit)))
			}
		}
	}
	if !fusedAssembly.MatchString("\tVFMADD231PD Y1, Y2, Y3\n") || fusedAssembly.MatchString("\tVMULPD Y1, Y2, Y3\n") {
		t.Error("the pattern does not tell VFMADD231PD from VMULPD")
	}
}

// audioPackages returns the import paths of the packages that make sound.
func audioPackages(t *testing.T, root string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if name := d.Name(); dir != root && (name[0] == '.' || name[0] == '_' || name == "testdata") {
			return filepath.SkipDir
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		if pkg := path.Join(module, filepath.ToSlash(rel)); audioPath(pkg) && hasSource(dir) {
			list = append(list, pkg)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func hasSource(dir string) bool {
	files, _ := filepath.Glob(filepath.Join(dir, "*.go"))
	return slices.ContainsFunc(files, isSource)
}

func isSource(file string) bool { return !strings.HasSuffix(file, "_test.go") }

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return root
}

// loader type-checks packages of this module from source, and takes all
// others from what the compiler left in its cache.
type loader struct {
	root   string
	target build.Context
	fset   *token.FileSet
	loaded map[string]*source
	others types.Importer
}

// source is one checked package.
type source struct {
	files []*ast.File
	types *types.Package
	info  *types.Info
}

func newLoader(t *testing.T, root, arch string) *loader {
	t.Helper()
	archives := map[string]string{}
	list := goTool(t, root, nil, "list", "-e", "-export", "-deps", "-f", "{{.ImportPath}} {{.Export}}", "./...")
	for line := range strings.Lines(list) {
		if pkg, archive, ok := strings.Cut(strings.TrimSpace(line), " "); ok && archive != "" {
			archives[pkg] = archive
		}
	}
	target := build.Default
	target.GOARCH, target.CgoEnabled = arch, false
	l := &loader{root: root, target: target, fset: token.NewFileSet(), loaded: map[string]*source{}}
	l.others = importer.ForCompiler(l.fset, "gc", func(pkg string) (io.ReadCloser, error) { return os.Open(archives[pkg]) })
	return l
}

// Import implements [types.Importer].
func (l *loader) Import(pkg string) (*types.Package, error) {
	if pkg != module && !strings.HasPrefix(pkg, module+"/") {
		return l.others.Import(pkg)
	}
	p, err := l.load(pkg)
	if err != nil {
		return nil, err
	}
	return p.types, nil
}

func (l *loader) load(pkg string) (*source, error) {
	if p, ok := l.loaded[pkg]; ok {
		return p, nil
	}
	dir := filepath.Join(l.root, filepath.FromSlash(strings.TrimPrefix(pkg, module)))
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		return nil, err
	}
	var files []*ast.File
	for _, name := range names {
		if ok, err := l.target.MatchFile(dir, filepath.Base(name)); err != nil || !ok || !isSource(name) {
			continue
		}
		f, err := parser.ParseFile(l.fset, name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	p, err := check(l.fset, pkg, files, l)
	l.loaded[pkg] = p
	return p, err
}

// check type-checks a package.
func check(fset *token.FileSet, pkg string, files []*ast.File, imp types.Importer) (*source, error) {
	p := &source{files: files, info: &types.Info{
		Types: map[ast.Expr]types.TypeAndValue{},
		Defs:  map[*ast.Ident]types.Object{},
		Uses:  map[*ast.Ident]types.Object{},
	}}
	conf := types.Config{Importer: imp}
	var err error
	p.types, err = conf.Check(pkg, fset, files, p.info)
	return p, err
}

// problems returns what the package may not contain, each with its place.
func (p *source) problems(fset *token.FileSet) (list []string) {
	report := func(at ast.Node, format string, args ...any) {
		list = append(list, fmt.Sprintf("%s: %s", fset.Position(at.Pos()), fmt.Sprintf(format, args...)))
	}
	raw := p.rawVariables()
	for _, f := range p.files {
		for _, spec := range f.Imports {
			name, _ := strconv.Unquote(spec.Path.Value)
			if why, bad := unsafeImports[name]; bad {
				report(spec, "%s is not the same everywhere: %s", name, why)
			}
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if fn, ok := p.info.Uses[n.Sel].(*types.Func); ok && fn.Pkg() != nil && fn.Pkg().Path() == "math" && !safeMath[fn.Name()] {
					report(n, "math.%s is not the same on every machine: use dsp/xmath", fn.Name())
				}
			case *ast.Ident:
				switch obj := p.info.Uses[n]; obj {
				case types.Universe.Lookup("complex128"), types.Universe.Lookup("complex64"), types.Universe.Lookup("complex"):
					report(n, "%s: complex arithmetic is fused on some machines", n.Name)
				}
			case *ast.BinaryExpr:
				if n.Op != token.ADD && n.Op != token.SUB || !p.isFloat(n) {
					return true
				}
				for _, operand := range []ast.Expr{n.X, n.Y} {
					if p.isRaw(operand, raw) {
						report(operand, "product %s goes into a sum without being rounded: write float64(%[1]s)", types.ExprString(operand))
					}
				}
			case *ast.AssignStmt:
				if (n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN) && p.isFloat(n.Lhs[0]) && p.isRaw(n.Rhs[0], raw) {
					report(n.Rhs[0], "product %s goes into a sum without being rounded: write float64(%[1]s)", types.ExprString(n.Rhs[0]))
				}
			}
			return true
		})
	}
	slices.Sort(list)
	return list
}

// isFloat reports whether an expression is a floating-point number that is not a
// constant.
func (p *source) isFloat(e ast.Expr) bool {
	tv := p.info.Types[e]
	if tv.Value != nil {
		return false
	}
	if tv.Type == nil { // the left side of an assignment
		if id, ok := e.(*ast.Ident); ok {
			tv.Type = p.info.ObjectOf(id).Type()
		}
	}
	switch t := tv.Type.Underlying().(type) {
	case *types.Basic:
		return t.Info()&(types.IsFloat|types.IsComplex) != 0
	case *types.Interface: // a type parameter
		return true
	}
	return false
}

// isRaw reports whether an expression is a product that no conversion has
// rounded yet, or a variable that holds one.
func (p *source) isRaw(e ast.Expr, raw map[types.Object]bool) bool {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return p.isRaw(e.X, raw)
	case *ast.UnaryExpr:
		return e.Op == token.SUB && p.isRaw(e.X, raw)
	case *ast.Ident:
		return raw[p.info.ObjectOf(e)]
	case *ast.BinaryExpr:
		return p.isFloat(e) && (e.Op == token.MUL || e.Op == token.QUO && p.isPowerOfTwo(e.Y))
	}
	return false
}

// isPowerOfTwo: the compiler makes a product of a division by such a constant.
func (p *source) isPowerOfTwo(e ast.Expr) bool {
	v := p.info.Types[e].Value
	if v == nil {
		return false
	}
	f, _ := constant.Float64Val(constant.ToFloat(v))
	for ; f >= 2; f /= 2 {
	}
	return f == 1
}

// rawVariables are the local variables that are somewhere given a product that is not rounded: the
// compiler looks through the assignment.
func (p *source) rawVariables() map[types.Object]bool {
	raw := map[types.Object]bool{}
	set := func(name ast.Expr, value ast.Expr) {
		id, ok := name.(*ast.Ident)
		if !ok || !p.isRaw(value, nil) {
			return
		}
		if v, ok := p.info.ObjectOf(id).(*types.Var); ok && !v.IsField() && v.Parent() != p.types.Scope() {
			raw[v] = true
		}
	}
	for _, f := range p.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				switch {
				case n.Tok == token.MUL_ASSIGN || n.Tok == token.QUO_ASSIGN && p.isPowerOfTwo(n.Rhs[0]):
					if id, ok := n.Lhs[0].(*ast.Ident); ok && p.isFloat(id) {
						if v, ok := p.info.ObjectOf(id).(*types.Var); ok {
							raw[v] = true
						}
					}
				case len(n.Lhs) == len(n.Rhs) && (n.Tok == token.ASSIGN || n.Tok == token.DEFINE):
					for i := range n.Lhs {
						set(n.Lhs[i], n.Rhs[i])
					}
				}
			case *ast.ValueSpec:
				for i := range n.Values {
					if len(n.Names) == len(n.Values) {
						set(n.Names[i], n.Values[i])
					}
				}
			}
			return true
		})
	}
	return raw
}

// TestSourceCheckSeesFaults makes sure that the check can fail, and that it
// lets through what is right.
func TestSourceCheckSeesFaults(t *testing.T) {
	const bad = `package p

import (
	"math"
	"math/rand"
)

type gain float64

func f(a, b, c float64, g gain, x []float64, n int, h float32) float64 {
	_ = a*b + c            // want product
	_ = c - a*b            // want product
	_ = c + -(a * b)       // want product
	c += a * b             // want product
	x[n] -= a * x[n+1]     // want product
	_ = a*b - c*a          // want product product
	_ = a/4 + b            // want product
	_ = g*g + 1            // want product
	_ = h*h + h            // want product
	t := a * b
	_ = t + c              // want product
	var u = b * b
	_ = u - 1              // want product
	a *= 3
	_ = a + c              // want product
	_ = math.Exp(a)        // want math.Exp
	_ = math.FMA(a, b, c)  // want math.FMA
	f := math.Sin          // want math.Sin
	_ = complex(a, b)      // want complex
	var z complex128       // want complex128
	_, _ = z, f
	return rand.Float64()
}

func add[T float32 | float64](a, b, c T) T {
	return a*b + c         // want product
}
`
	const good = `package p

import "math"

func f(a, b, c float64, x []float64, n int) float64 {
	_ = float64(a*b) + c
	_ = c - float64(a*b)
	c += float64(a * b)
	_ = (a + b) * c
	_ = a/3 + b
	_ = a/b + c
	_ = x[2*n+1] * c
	const k = 2.0*3 + 1
	n += n * n
	t := float64(a * b)
	_ = t + c
	_ = math.Sqrt(a) + math.Floor(b) + math.Pi
	return c
}
`
	var want []string
	for i, line := range strings.Split(bad, "\n") {
		_, after, _ := strings.Cut(line, "// want ")
		for _, w := range strings.Fields(after) {
			want = append(want, fmt.Sprintf("%d %s", i+1, w))
		}
	}
	want = append(want, "5 math/rand")
	var got []string
	for _, problem := range problemsOf(t, bad) {
		parts := strings.SplitN(problem, ":", 4) // file, line, column, text
		word, _, _ := strings.Cut(strings.TrimSpace(parts[3]), " ")
		got = append(got, parts[1]+" "+strings.TrimSuffix(word, ":"))
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("found\n%q, want\n%q", got, want)
	}
	for _, problem := range problemsOf(t, good) {
		t.Errorf("found in good code: %s", problem)
	}
}

func problemsOf(t *testing.T, text string) []string {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	p, err := check(fset, "p", []*ast.File{f}, importer.Default())
	if err != nil {
		t.Fatal(err)
	}
	return p.problems(fset)
}
