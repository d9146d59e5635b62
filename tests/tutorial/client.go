package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

type HeliosDBClient struct {
	BaseURL string
	APIKey  string
	Client  *http.Client
}

func NewClient(baseURL, apiKey string) *HeliosDBClient {
	return &HeliosDBClient{
		BaseURL: baseURL,
		APIKey:  apiKey,
		Client:  &http.Client{},
	}
}

func (c *HeliosDBClient) request(method, path string, body interface{}) (*http.Response, error) {
	var bodyReader io.Reader
	if body != nil {
		jsonBody, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		bodyReader = bytes.NewBuffer(jsonBody)
	}

	req, err := http.NewRequest(method, c.BaseURL+path, bodyReader)
	if err != nil {
		return nil, err
	}

	req.Header.Set("X-API-Key", c.APIKey)
	req.Header.Set("Content-Type", "application/json")

	return c.Client.Do(req)
}

func (c *HeliosDBClient) ListBranches() (map[string]interface{}, error) {
	resp, err := c.request("GET", "/v1/branches", nil)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()

	var result map[string]interface{}
	if err := json.NewDecoder(resp.Body).Decode(&result); err != nil {
		return nil, err
	}

	return result, nil
}

func (c *HeliosDBClient) ExecuteQuery(branch, sql string) (map[string]interface{}, error) {
	payload := map[string]interface{}{
		"sql": sql,
	}

	resp, err := c.request("POST", "/v1/branches/"+branch+"/query", payload)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()

	var result map[string]interface{}
	if err := json.NewDecoder(resp.Body).Decode(&result); err != nil {
		return nil, err
	}

	return result, nil
}

func main() {
	client := NewClient("http://localhost:8080", "sk_test_abc123")

	// List branches
	branches, err := client.ListBranches()
	if err != nil {
		panic(err)
	}
	fmt.Printf("Found %v branches\n", branches["total"])

	// Execute query
	results, err := client.ExecuteQuery("main", "SELECT * FROM users LIMIT 10")
	if err != nil {
		panic(err)
	}
	fmt.Printf("Query returned %v rows\n", results["row_count"])
}
