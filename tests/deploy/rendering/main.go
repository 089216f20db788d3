// Renders the chart's templates as Helm does, as far as this chart uses it: Go's text/template, sprig's functions, and
// include, toYaml and the built-in objects. Standard input: {"values", "chart", "release"} as JSON; arguments: the files.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/Masterminds/sprig"
)

func main() {
	var given map[string]interface{}
	reader := json.NewDecoder(os.Stdin)
	if err := reader.Decode(&given); err != nil {
		end(err)
	}
	all := template.New("chart").Option("missingkey=error")
	functions := sprig.TxtFuncMap()
	delete(functions, "env")
	delete(functions, "expandenv")
	functions["toYaml"] = func(value interface{}) (string, error) {
		text, err := json.Marshal(value) // JSON is YAML
		return string(text), err
	}
	functions["include"] = func(name string, data interface{}) (string, error) {
		var out bytes.Buffer
		err := all.ExecuteTemplate(&out, name, data)
		return out.String(), err
	}
	all.Funcs(functions)
	for _, file := range os.Args[1:] {
		text, err := os.ReadFile(file)
		if err != nil {
			end(err)
		}
		if _, err := all.New(filepath.Base(file)).Parse(string(text)); err != nil {
			end(err)
		}
	}
	data := map[string]interface{}{"Values": given["values"], "Chart": given["chart"], "Release": given["release"]}
	for _, file := range os.Args[1:] {
		name := filepath.Base(file)
		if strings.HasPrefix(name, "_") {
			continue
		}
		var out bytes.Buffer
		if err := all.ExecuteTemplate(&out, name, data); err != nil {
			end(err)
		}
		fmt.Printf("--- # %s\n%s\n", name, out.String())
	}
}

func end(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
