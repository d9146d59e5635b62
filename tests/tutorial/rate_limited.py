import requests
import time

class RateLimitedClient:
    def __init__(self, base_url, api_key):
        self.base_url = base_url
        self.api_key = api_key
        self.remaining = None
        self.reset_at = None

    def _update_rate_limits(self, response):
        """Update rate limit info from response headers"""
        self.remaining = int(response.headers.get('X-RateLimit-Remaining', 0))
        self.reset_at = int(response.headers.get('X-RateLimit-Reset', 0))

    def _should_wait(self):
        """Check if we should wait before making request"""
        if self.remaining is not None and self.remaining < 5:
            if self.reset_at:
                wait_time = max(0, self.reset_at - time.time())
                if wait_time > 0:
                    print(f"Approaching rate limit. Waiting {wait_time:.1f}s")
                    time.sleep(wait_time)
                    return True
        return False

    def request(self, method, path, **kwargs):
        """Make rate-limited request"""
        self._should_wait()

        headers = kwargs.get('headers', {})
        headers['X-API-Key'] = self.api_key
        kwargs['headers'] = headers

        response = requests.request(method, self.base_url + path, **kwargs)
        self._update_rate_limits(response)

        if response.status_code == 429:
            retry_after = int(response.headers.get('Retry-After', 60))
            print(f"Rate limited. Retrying after {retry_after}s")
            time.sleep(retry_after)
            return self.request(method, path, **kwargs)

        response.raise_for_status()
        return response

# Usage
client = RateLimitedClient('http://localhost:8080', 'sk_test_abc123')

# Make many requests safely
for i in range(200):
    response = client.request('GET', '/v1/branches')
    print(f"Request {i+1}: {client.remaining} remaining")
