class HeliosDBClient {
  constructor(baseUrl, apiKey) {
    this.baseUrl = baseUrl;
    this.headers = {
      'X-API-Key': apiKey,
      'Content-Type': 'application/json'
    };
  }

  async listBranches() {
    const response = await fetch(`${this.baseUrl}/v1/branches`, {
      headers: this.headers
    });

    if (!response.ok) {
      throw new Error(`HTTP error! status: ${response.status}`);
    }

    return await response.json();
  }

  async createBranch(name, parent = 'main') {
    const response = await fetch(`${this.baseUrl}/v1/branches`, {
      method: 'POST',
      headers: this.headers,
      body: JSON.stringify({ name, parent })
    });

    if (!response.ok) {
      throw new Error(`HTTP error! status: ${response.status}`);
    }

    return await response.json();
  }

  async executeQuery(branch, sql, params = null) {
    const payload = { sql };
    if (params) {
      payload.params = params;
    }

    const response = await fetch(
      `${this.baseUrl}/v1/branches/${branch}/query`,
      {
        method: 'POST',
        headers: this.headers,
        body: JSON.stringify(payload)
      }
    );

    if (!response.ok) {
      throw new Error(`HTTP error! status: ${response.status}`);
    }

    return await response.json();
  }

  async insertData(branch, table, rows) {
    const response = await fetch(
      `${this.baseUrl}/v1/branches/${branch}/tables/${table}/data`,
      {
        method: 'POST',
        headers: this.headers,
        body: JSON.stringify({ rows })
      }
    );

    if (!response.ok) {
      throw new Error(`HTTP error! status: ${response.status}`);
    }

    return await response.json();
  }
}

// Usage
const client = new HeliosDBClient('http://localhost:8080', 'sk_test_abc123');

// List branches
const branches = await client.listBranches();
console.log(`Found ${branches.total} branches`);

// Create branch
const newBranch = await client.createBranch('feature-xyz');
console.log(`Created branch: ${newBranch.name}`);

// Execute query
const results = await client.executeQuery(
  'main',
  'SELECT * FROM users WHERE age > $1',
  [{ type: 'int4', value: 25 }]
);
console.log(`Query returned ${results.row_count} rows`);

// Insert data
const insertResult = await client.insertData(
  'main',
  'users',
  [{ id: 500, name: 'Alice', email: 'alice@example.com' }]
);
console.log(`Inserted ${insertResult.inserted} rows`);
