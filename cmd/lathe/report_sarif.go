package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/lathe-audio/lathe/render"
	"github.com/lathe-audio/lathe/spec"
)

// The part of SARIF 2.1.0 (OASIS, 2020) that is written here.
type (
	sarifLog struct {
		Schema  string     `json:"$schema"`
		Version string     `json:"version"`
		Runs    []sarifRun `json:"runs"`
	}
	sarifRun struct {
		Tool        sarifTool         `json:"tool"`
		Automation  sarifAutomation   `json:"automationDetails"`
		Columns     string            `json:"columnKind"`
		Invocations []sarifInvocation `json:"invocations"`
		Results     []sarifResult     `json:"results"` // an empty list says that nothing was found
	}
	sarifAutomation struct {
		ID string `json:"id"`
	}
	sarifTool struct {
		Driver sarifDriver `json:"driver"`
	}
	sarifDriver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		URI     string      `json:"informationUri"`
		Rules   []sarifRule `json:"rules"`
	}
	sarifRule struct {
		ID            string       `json:"id"`
		Short         sarifMessage `json:"shortDescription"`
		Full          sarifMessage `json:"fullDescription"`
		Help          sarifMessage `json:"help"`
		HelpURI       string       `json:"helpUri"`
		Configuration sarifLevel   `json:"defaultConfiguration"`
	}
	sarifLevel struct {
		Level string `json:"level"`
	}
	sarifMessage struct {
		Text string `json:"text"`
	}
	sarifInvocation struct {
		Successful    bool                `json:"executionSuccessful"`
		ExitCode      int                 `json:"exitCode"`
		Notifications []sarifNotification `json:"toolExecutionNotifications,omitempty"`
	}
	sarifNotification struct {
		Level   string       `json:"level"`
		Message sarifMessage `json:"message"`
	}
	sarifResult struct {
		Rule         string            `json:"ruleId"`
		RuleIndex    int               `json:"ruleIndex"`
		Level        string            `json:"level"`
		Message      sarifMessage      `json:"message"`
		Locations    []sarifLocation   `json:"locations"`
		Related      []sarifLocation   `json:"relatedLocations,omitempty"`
		Fingerprints map[string]string `json:"partialFingerprints"`
		Properties   *sarifMeasured    `json:"properties,omitempty"`
	}
	sarifMeasured struct {
		Output   string   `json:"about"`
		Measured string   `json:"measured"`
		Limit    string   `json:"limit"`
		Value    *float64 `json:"value"`
		At       *float64 `json:"at_s"`
	}
	sarifLocation struct {
		Physical sarifPhysical `json:"physicalLocation"`
		Message  *sarifMessage `json:"message,omitempty"`
	}
	sarifPhysical struct {
		Artifact sarifArtifact `json:"artifactLocation"`
		Region   *sarifRegion  `json:"region,omitempty"`
	}
	sarifArtifact struct {
		URI  string `json:"uri"`
		Base string `json:"uriBaseId,omitempty"`
	}
	sarifRegion struct {
		Line   int `json:"startLine"`
		Col    int `json:"startColumn,omitempty"`
		EndCol int `json:"endColumn,omitempty"`
	}
)

const (
	sarifSchema   = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	sourceBase    = "%SRCROOT%" // what CI servers take for the root of the repository
	homeURI       = "https://github.com/lathe-audio/lathe"
	projectRule   = "project"
	lockRule      = "lock"
	inputRule     = "input"
	severityError = "error"
)

// asSARIF has a result for everything that was found: faults of the project,
// missed targets and failed assertions, and what is not as the lock file says.
func (r *reports) asSARIF(err error) ([]byte, error) {
	run := sarifRun{
		Tool:    sarifTool{sarifDriver{Name: "lathe", Version: version(), URI: homeURI, Rules: []sarifRule{}}},
		Columns: "unicodeCodePoints", Results: []sarifResult{},
	}
	project, _ := r.below(r.project)
	run.Automation.ID = path.Join("lathe", path.Dir(project)) + "/" // one for each project of a repository
	code := exitCode(err)
	invocation := sarifInvocation{Successful: code != exitMachine, ExitCode: code}
	e := r.ending(err)
	for _, d := range e.diagnostics {
		run.add(r.diagnosed(d))
	}
	for _, c := range r.checks {
		if c.Status == render.CheckFailed || c.Status == render.CheckWarned || c.Status == render.CheckAdvised {
			run.add(r.checked(c))
		}
	}
	for _, d := range e.locked {
		run.add(sarifResult{
			Rule: lockRule, Level: severityError, Message: sarifMessage{d.String()}, Fingerprints: fingerprint(lockRule, d.What, d.Path),
			Locations: []sarifLocation{r.location(spec.Pos{File: path.Join(path.Dir(r.project), render.LockName)}, 0)},
		})
	}
	for _, one := range e.other {
		var input *render.InputError
		if errors.As(one, &input) && input.Pos.Line > 0 {
			run.add(sarifResult{
				Rule: inputRule, Level: severityError, Message: sarifMessage{one.Error()}, Fingerprints: fingerprint(inputRule, input.Message),
				Locations: []sarifLocation{r.location(input.Pos, 0)},
			})
			continue
		}
		invocation.Successful = false
		invocation.Notifications = append(invocation.Notifications, sarifNotification{severityError, sarifMessage{one.Error()}})
	}
	run.Invocations = []sarifInvocation{invocation}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	fault := enc.Encode(sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
	return out.Bytes(), fault
}

// add adds a result, and its rule where it is the first of it.
func (run *sarifRun) add(result sarifResult) {
	rules := &run.Tool.Driver.Rules
	result.RuleIndex = slices.IndexFunc(*rules, func(r sarifRule) bool { return r.ID == result.Rule })
	if result.RuleIndex < 0 {
		result.RuleIndex = len(*rules)
		*rules = append(*rules, ruleOf(result.Rule))
	}
	run.Results = append(run.Results, result)
}

// ruleOf describes a rule.
func ruleOf(id string) sarifRule {
	family, figure, _ := strings.Cut(id, "/")
	figure = strings.NewReplacer("_", " ", "/", " ").Replace(figure)
	text := map[string]string{
		projectRule: "A project file is in order",
		lockRule:    "Inputs and outputs are what the lock file says",
		inputRule:   "What a project names can be used",
		"target":    "An output meets its delivery's " + figure,
		"assert":    "What the project asserts of " + figure + " holds",
		"profile":   "A file keeps what its profile asks of " + figure,
		"advice":    "The master's chain leaves to the mix what is the mix's (" + figure + ")",
		"handover":  "What a mastering engineer expects of a mix (" + figure + ") is so",
	}[family]
	m := sarifMessage{text}
	return sarifRule{
		ID: id, Short: m, Full: m, Help: sarifMessage{text + ". docs/reference.md describes every key of the project file."},
		HelpURI: homeURI + "/blob/main/docs/reference.md", Configuration: sarifLevel{severityError},
	}
}

// checked is the result of a check that was not met.
func (r *reports) checked(c render.Check) sarifResult {
	level := severityError
	switch c.Status {
	case render.CheckWarned:
		level = "warning"
	case render.CheckAdvised:
		level = "note"
	}
	return sarifResult{
		Rule: c.Rule, Level: level, Message: sarifMessage{explained(c)},
		Locations:    []sarifLocation{r.location(c.Pos(), c.Width)},
		Fingerprints: fingerprint(c.Rule, c.About, c.Limit), // not what was measured: it is the same failure until it is mended
		Properties:   &sarifMeasured{Output: c.About, Measured: c.Text, Limit: c.Limit, Value: c.Value, At: c.At},
	}
}

// diagnosed is a fault of the project.
func (r *reports) diagnosed(d spec.Diagnostic) sarifResult {
	text := d.Message
	if d.Hint != "" {
		text += " (" + d.Hint + ")"
	}
	out := sarifResult{
		Rule: projectRule, Level: string(d.Severity), Message: sarifMessage{text},
		Locations: []sarifLocation{r.location(d.Pos(), d.Width)}, Fingerprints: fingerprint(projectRule, d.Message),
	}
	for _, n := range d.Notes {
		at := r.location(spec.Pos{File: n.File, Line: n.Line, Col: n.Col}, 0)
		at.Message = &sarifMessage{n.Message}
		out.Related = append(out.Related, at)
	}
	return out
}

// location is a place in a file; a width of 0 is not known.
func (r *reports) location(at spec.Pos, width int) sarifLocation {
	var out sarifLocation
	file, local := r.below(at.File)
	if local {
		// A first segment with a colon would be read as a scheme; url.URL guards it.
		out.Physical.Artifact = sarifArtifact{URI: (&url.URL{Path: file}).String(), Base: sourceBase}
	} else {
		out.Physical.Artifact.URI = (&url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(file, "/")}).String()
	}
	if at.Line > 0 {
		out.Physical.Region = &sarifRegion{Line: at.Line, Col: at.Col}
		if width > 0 && at.Col > 0 {
			out.Physical.Region.EndCol = at.Col + width
		}
	}
	return out
}

// fingerprint tells results apart over time, whatever line they move to.
func fingerprint(parts ...string) map[string]string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	return map[string]string{"lathe/v1": hex.EncodeToString(sum[:12])}
}
